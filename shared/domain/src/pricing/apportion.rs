//! Sharing an amount out, so that the parts add up to it.

/// Shares `amount` in proportion to `weights` by the method of largest remainders (Hamilton's): each part is its exact
/// share rounded down, and the units that are left go to the largest fractions, of equal ones to the first. The parts
/// add up to the amount, and each is less than one unit from its exact share. A weight of zero, or a negative one, gets
/// nothing; where all are, they count as equal. No weights: no parts.
///
/// The same weights in another order get the same parts, but for equal fractions: callers who need that too sort first.
pub(super) fn split(amount: i64, weights: &[i64]) -> Vec<i64> {
    let mut weights: Vec<i128> = weights.iter().map(|weight| i128::from(*weight).max(0)).collect();
    if weights.iter().all(|weight| *weight == 0) {
        weights.fill(1);
    }
    let sum: i128 = weights.iter().sum();
    // At most 127 bits: each factor has 63.
    let exact = |weight: &i128| (i128::from(amount) * weight, sum);
    let mut parts: Vec<i128> = weights.iter().map(exact).map(|(share, of)| share.div_euclid(of)).collect();
    let rests: Vec<i128> = weights.iter().map(exact).map(|(share, of)| share.rem_euclid(of)).collect();

    let mut by_rest: Vec<usize> = (0..parts.len()).collect();
    by_rest.sort_by_key(|index| std::cmp::Reverse(rests[*index]));
    let left = usize::try_from(i128::from(amount) - parts.iter().sum::<i128>()).unwrap_or(0);
    for index in by_rest.into_iter().take(left) {
        parts[index] += 1;
    }
    // No part is larger than the amount, so all fit.
    parts.into_iter().map(|part| i64::try_from(part).unwrap_or(amount)).collect()
}

/// As [`split`], in multiples of `step`; the amount has to be one.
pub(super) fn split_in_steps(amount: i64, weights: &[i64], step: i64) -> Vec<i64> {
    split(amount / step, weights).into_iter().map(|part| part * step).collect()
}

/// `amount × share / of`, rounded half up to a multiple of `step`. `None` when it does not fit into 64 bits; zero when
/// `of` is. Nothing may be negative.
pub(super) fn rounded_share(amount: i64, share: i64, of: i64, step: i64) -> Option<i64> {
    let whole = i128::from(of) * i128::from(step);
    if whole == 0 {
        return Some(0);
    }
    let exact = i128::from(amount) * i128::from(share);
    // The half is added to the whole part and the rest apart: twice the product may need more than 127 bits.
    let up = i128::from(exact % whole >= whole - exact % whole);
    i64::try_from((exact / whole + up) * i128::from(step)).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn shares_are_those_of_the_largest_remainders() {
        for (amount, weights, parts) in [
            (100, &[1, 1, 1][..], &[34, 33, 33][..]),
            (2, &[1, 1, 1], &[1, 1, 0]),
            (7, &[10, 20, 70], &[1, 1, 5]), // 0.7, 1.4, 4.9: the fractions 9 and 7 get the two units left
            (10, &[0, 3, 0], &[0, 10, 0]),
            (5, &[0, 0], &[3, 2]),
            (0, &[3, 4], &[0, 0]),
            (-2, &[1, 1, 1], &[0, -1, -1]),
            (i64::MAX, &[i64::MAX, i64::MAX], &[4_611_686_018_427_387_904, 4_611_686_018_427_387_903]),
            (5, &[], &[]),
        ] {
            assert_eq!(split(amount, weights), parts, "{amount} over {weights:?}");
        }
    }

    #[test]
    fn halves_are_rounded_up_to_the_step() {
        for (amount, share, of, step, expected) in [
            (5, 1, 2, 1, Some(3)),
            (299, 4, 104, 1, Some(12)), // 11.5
            (1, 1, 3, 1, Some(0)),
            (14, 1, 1, 10, Some(10)),
            (15, 1, 1, 10, Some(20)),
            (9, 5, 0, 1, Some(0)),
            (i64::MAX, i64::MAX, i64::MAX, 1, Some(i64::MAX)),
            (i64::MAX, 1, 1, 10, None),
        ] {
            assert_eq!(rounded_share(amount, share, of, step), expected, "{amount} × {share} / {of} in {step}");
        }
    }

    proptest! {
        #[test]
        fn parts_add_up_and_are_less_than_a_unit_from_exact(
            amount in any::<i64>(),
            weights in prop::collection::vec(prop_oneof![0..10_i64, 0..=i64::MAX], 1..60),
        ) {
            let parts = split(amount, &weights);
            prop_assert_eq!(parts.iter().map(|part| i128::from(*part)).sum::<i128>(), i128::from(amount));
            let sum: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
            for (part, weight) in parts.iter().zip(&weights).filter(|_| sum > 0) {
                prop_assert!(part.signum() * amount.signum() >= 0, "{part} of {amount}");
                let share = i128::from(amount) * i128::from(*weight);
                let floor = share.div_euclid(sum);
                let ceiling = floor + i128::from(share.rem_euclid(sum) != 0);
                prop_assert!((floor..=ceiling).contains(&i128::from(*part)), "{part} of {amount} for {weight}");
            }
        }
    }
}
