//! The client against the sandbox's Google Sheets, in process: token, grid, quota, RAW values.

use std::time::Duration;

use crate::{Cell, HEADER, Row, ServiceAccount, Sheets, SheetsError};
use domain::{Order, Timestamp};
use resilience::{Clock, Deadline, SeededIds, VirtualClock};
use sandbox::{Fault, FaultKind, Provider, SandboxTransport, Settings, Shared};
use testkit::Sample;

struct World {
    sandbox: Shared,
    clock: VirtualClock,
}

type Client = Sheets<SandboxTransport<VirtualClock>, VirtualClock, SeededIds>;

impl World {
    fn new() -> Self {
        let clock = VirtualClock::at(Timestamp::from_seconds(1_790_000_000));
        Self { sandbox: Shared::new(Settings::default()), clock }
    }

    fn client(&self, tab: &str) -> Client {
        self.client_of("sandbox-orders", tab)
    }

    fn client_of(&self, spreadsheet: &str, tab: &str) -> Client {
        let transport = SandboxTransport::new(self.sandbox.clone(), self.clock.clone());
        let file = sandbox::sheets::development_key_file("http://sandbox.test/token");
        let account = ServiceAccount::from_json(&serde_json::to_string(&file).unwrap()).unwrap();
        Sheets::new(transport, self.clock.clone(), SeededIds::new(1), "http://sandbox.test", account, spreadsheet, tab)
    }

    fn deadline(&self) -> Deadline {
        Deadline::after(&self.clock, Duration::from_mins(1))
    }

    fn write(&self, client: &Client, rows: &[(u32, Row)]) -> Result<(), SheetsError> {
        self.clock.run(client.write_rows(rows, self.deadline()))
    }

    fn read(&self, client: &Client, first: u32, last: u32) -> Result<Vec<(u32, Row)>, SheetsError> {
        self.clock.run(client.read_rows(first..=last, self.deadline()))
    }
}

fn order(number: u32, name: &str) -> Order {
    let id = format!("ord_{number:032x}").parse().unwrap();
    let lines = [("MUG", name, 1, 1999)];
    Sample { id, email: "=zoe@example.com", lines: &lines, ..Sample::default() }.place().order
}

#[test]
fn what_is_written_is_read_back_and_nothing_of_it_is_a_formula() {
    let world = World::new();
    let client = world.client("Orders");
    let (first, third) = (order(1, "=SUM(A1:A9)"), order(3, "Tea"));
    world.write(&client, &[(2, Row::of(&first)), (4, Row::of(&third))]).unwrap();
    let rows = world.read(&client, 1, 9).unwrap();
    let header: Vec<_> = HEADER.iter().map(|name| Cell::Text((*name).to_owned())).collect();
    assert_eq!(rows[0].1.cells(), header);
    assert_eq!(rows[1..].iter().map(|(number, _)| *number).collect::<Vec<_>>(), [2, 4]);
    assert!(rows[1].1.is_of(&first) && rows[2].1.is_of(&third), "{rows:?}");
    assert_eq!(rows[1].1.cells()[4], Cell::Text("'=zoe@example.com".to_owned()));
}

#[test]
fn a_write_whose_answer_is_lost_is_repeated_and_leaves_one_row() {
    let world = World::new();
    let client = world.client("Orders");
    let lost = Fault::new(FaultKind::AnswerLost { millis: 100 }).at(Provider::Sheets).on("POST", "/v4/").nth(1);
    world.sandbox.lock().faults.add(lost);
    world.write(&client, &[(2, Row::of(&order(1, "Mug")))]).unwrap();
    assert_eq!(world.read(&client, 2, 99).unwrap().len(), 1);
}

#[test]
fn the_grid_grows_and_a_missing_tab_is_added() {
    let world = World::new();
    for tab in ["Orders", "Bob's new tab"] {
        let client = world.client(tab);
        world.write(&client, &[(1501, Row::of(&order(1, "Mug")))]).unwrap();
        assert!(world.read(&client, 1501, 1501).unwrap()[0].1.is_of(&order(1, "Mug")), "{tab}");
        assert_eq!(world.read(&client, 9000, 9001).unwrap(), [], "{tab}");
    }
}

#[test]
fn a_spreadsheet_that_is_full_is_told_from_a_row_that_is_refused() {
    let world = World::new();
    let client = world.client("Orders of many years");
    let row = Row::of(&order(1, "Mug"));
    // The spreadsheet's first tab has 26,000 cells.
    world.write(&client, &[(830_000, row.clone())]).unwrap();
    assert!(matches!(world.write(&client, &[(840_000, row.clone())]), Err(SheetsError::Full)));
    world.write(&client, &[(830_001, row)]).unwrap();
}

#[test]
fn a_token_lasts_an_hour_and_is_then_replaced() {
    let world = World::new();
    let client = world.client("Orders");
    for _ in 0..3 {
        world.write(&client, &[(2, Row::of(&order(1, "Mug")))]).unwrap();
        world.clock.advance(Duration::from_mins(59) + Duration::from_secs(30));
    }
}

#[test]
fn the_quota_of_a_minute_can_be_used_up_and_is_refilled() {
    let world = World::new();
    let client = world.client("Orders");
    let row = [(2, Row::of(&order(1, "Mug")))];
    let mut used_up = false;
    for _ in 0..200 {
        // No time for a second try.
        let no_time = Deadline::at(world.clock.now());
        match world.clock.run(client.write_rows(&row, no_time)) {
            Ok(()) => {}
            Err(SheetsError::QuotaExceeded { .. }) => {
                used_up = true;
                break;
            }
            Err(other) => panic!("{other:?}"),
        }
    }
    assert!(used_up);
    world.clock.advance(Duration::from_mins(1));
    world.write(&client, &row).unwrap();
}

#[test]
fn what_an_operator_must_mend_is_told() {
    let world = World::new();
    let client = world.client_of("no-such-sheet", "Orders");
    assert!(matches!(world.write(&client, &[(2, Row::of(&order(1, "Mug")))]), Err(SheetsError::NotFound)));
    let file = include_str!("../testdata/service_account.json").replace("google.test", "sandbox.test");
    let stranger = ServiceAccount::from_json(&file).unwrap();
    let transport = SandboxTransport::new(world.sandbox.clone(), world.clock.clone());
    let ids = SeededIds::new(1);
    let client =
        Sheets::new(transport, world.clock.clone(), ids, "http://sandbox.test", stranger, "sandbox-orders", "Orders");
    let refused = world.write(&client, &[(2, Row::of(&order(1, "Mug")))]);
    assert!(matches!(refused, Err(SheetsError::Unauthorized { status: 400 })), "{refused:?}");
}
