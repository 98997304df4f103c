//! Medians and their like.

use serde::Serialize;

/// A sample's figures.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Stats {
    /// How many values there are.
    pub count: usize,
    /// The least.
    pub min: f64,
    /// The median.
    pub p50: f64,
    /// Nine of ten are below.
    pub p90: f64,
    /// 99 of 100 are below.
    pub p99: f64,
}

impl Stats {
    /// Of these values; zeros when there are none.
    pub fn of(values: &[f64]) -> Self {
        let mut values = values.to_vec();
        values.sort_by(f64::total_cmp);
        let Some(last) = values.len().checked_sub(1) else { return Self::default() };
        let quantile = |share: f64| {
            let place = share * last as f64;
            let below = place as usize;
            let above = (below + 1).min(last);
            values[below] + (values[above] - values[below]) * place.fract()
        };
        Self { count: values.len(), min: values[0], p50: quantile(0.5), p90: quantile(0.9), p99: quantile(0.99) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_lie_between_their_neighbours() {
        let stats = Stats::of(&[4.0, 1.0, 3.0, 2.0]);
        assert_eq!((stats.count, stats.min, stats.p50), (4, 1.0, 2.5));
        assert!((stats.p90 - 3.7).abs() < 1e-9);
        assert_eq!(Stats::of(&[]).count, 0);
    }
}
