//! Who catches each seeded bug in worlds that nobody chose for it.

use std::error::Error;

use simulation::seeded_bugs::{Catchers, SeededBug};

use super::scenario_tests::{Broken, ScenarioTests};
use super::seeded_bugs::each;
use crate::Options;

const HEADER: &str =
    "| seeded bug | first seed | first seed without healers | a crash point | scenarios |\n|---|---|---|---|---|";

/// A bug's row.
struct Row {
    name: &'static str,
    found: Catchers,
    broken: Broken,
}

/// Prints a table of all of them, each looked for in at most that many seeds, and how many each column catches.
pub fn table(options: &Options) -> Result<bool, Box<dyn Error>> {
    let tests = ScenarioTests::build()?;
    let row = |bug: &'static SeededBug| {
        Ok(Row { name: bug.name, found: bug.caught_by(options.seeds)?, broken: tests.broken_by(bug)? })
    };
    let rows = each(options, row)?;
    println!("{HEADER}");
    for row in &rows {
        println!("{}", row.line());
    }
    println!(
        "\nOf the scenarios: how many fail, and the first of them. They hand out messages themselves, so a bug of a poller is not in them."
    );
    let count = |catches: fn(&Row) -> bool| rows.iter().filter(|row| catches(row)).count();
    println!(
        "Of {}: seeds catch {}, seeds without healers {}, a single crash point {}, one of these {}; the scenarios catch {}, and {} \
         of them are caught by anyone.",
        rows.len(),
        count(|row| row.found.seed.is_some()),
        count(|row| row.found.unhealed_seed.is_some()),
        count(|row| row.found.crash_point),
        count(Row::is_simulated),
        count(Row::is_tested),
        count(|row| row.is_simulated() || row.is_tested()),
    );
    Ok(true)
}

impl Row {
    const fn is_simulated(&self) -> bool {
        self.found.crash_point || self.found.seed.is_some() || self.found.unhealed_seed.is_some()
    }

    fn is_tested(&self) -> bool {
        !self.broken.names.is_empty() || self.broken.is_cut_off
    }

    fn line(&self) -> String {
        let seed = |seed: Option<u64>| seed.map_or_else(|| "–".to_owned(), |seed| seed.to_string());
        let crash_point = if self.found.crash_point { "yes" } else { "–" };
        let (seeds, unhealed) = (seed(self.found.seed), seed(self.found.unhealed_seed));
        format!("| {} | {seeds} | {unhealed} | {crash_point} | {} |", self.name, self.scenarios())
    }

    fn scenarios(&self) -> String {
        let Some(first) = self.broken.names.first() else {
            return if self.broken.is_cut_off { "no end" } else { "–" }.to_owned();
        };
        let end = if self.broken.is_cut_off { ", the last without an end" } else { "" };
        format!("{}{end}: `{first}`", self.broken.names.len())
    }
}
