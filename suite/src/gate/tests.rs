//! Which invocation dies at the gate and when, and the faults that an injector can give an effect.

use std::cell::RefCell;
use std::collections::BTreeMap;

use domain::Timestamp;
use resilience::{Clock as _, VirtualClock};
use store::StoreError;

use super::*;

type Notes = RefCell<Vec<u32>>;
type Recorded = Result<(), StoreError>;

const NOTE: Effect = Effect::new(EffectKind::Conditional, "notes.add");

fn clock() -> VirtualClock {
    VirtualClock::at(Timestamp::from_seconds(0))
}

async fn record(notes: &Notes, gate: &Gate, n: u32) -> Recorded {
    let add = async {
        notes.borrow_mut().push(n);
        Ok(())
    };
    gate.around(NOTE, add).await
}

async fn work(notes: &Notes, gate: &Gate) -> Recorded {
    for n in 1..=3 {
        record(notes, gate, n).await?;
    }
    Ok(())
}

fn has_died(ended: &Result<Recorded, Crash>) -> bool {
    ended.is_err()
}

#[test]
fn an_invocation_dies_before_or_after_the_effect_that_was_named() {
    for (at, done) in [(1, vec![]), (2, vec![1]), (3, vec![1]), (4, vec![1, 2]), (6, vec![1, 2, 3])] {
        let (gate, notes) = (Gate::default(), Notes::default());
        gate.die_at(at);
        assert!(has_died(&clock().run(gate.watch("f", work(&notes, &gate)))));
        assert_eq!(notes.take(), done, "at {at}");
        assert!(!gate.is_armed());
        assert!(!has_died(&clock().run(gate.watch("f", work(&notes, &gate)))), "only once");
        assert_eq!(notes.take(), [1, 2, 3]);
    }
}

#[test]
fn others_get_their_turn_at_every_effect_and_live_on() {
    let (gate, notes) = (Gate::default(), Notes::default());
    let both = async { futures::join!(gate.watch("f", work(&notes, &gate)), gate.watch("g", work(&notes, &gate))) };
    let (first, second) = clock().run(both);
    assert!(matches!((first, second), (Ok(Ok(())), Ok(Ok(())))));
    assert_eq!(notes.take(), [1, 1, 2, 2, 3, 3]);

    gate.die_at(5);
    let both = async { futures::join!(gate.watch("f", work(&notes, &gate)), gate.watch("g", work(&notes, &gate))) };
    let (first, second) = clock().run(both);
    assert!(has_died(&first) != has_died(&second), "exactly one died");
    assert_eq!(notes.take().iter().filter(|n| **n == 3).count(), 1);
}

/// One plan for each effect, by function and number; records what it saw.
struct ScriptedInjector {
    clock: VirtualClock,
    plans: BTreeMap<(&'static str, u32), FaultPlan>,
    seen: RefCell<Vec<String>>,
}

impl FaultInjector for ScriptedInjector {
    fn plan(&self, site: &EffectSite<'_>) -> FaultPlan {
        let function = site.invocation.map_or("", |invocation| &invocation.function);
        let found = self.plans.iter().find(|((name, nth), _)| *name == function && *nth == site.nth);
        found.map(|(_, plan)| *plan).unwrap_or_default()
    }

    fn pause(&self, length: Duration) -> Pause {
        let clock = self.clock.clone();
        Box::pin(async move { clock.sleep(length).await })
    }

    fn began(&self, invocation: &Invocation) {
        self.seen.borrow_mut().push(format!("{} begins", invocation.function));
    }

    fn ended(&self, invocation: &Invocation, failure: Option<&dyn fmt::Display>) {
        let end = failure.map_or_else(|| "is done".to_owned(), ToString::to_string);
        self.seen.borrow_mut().push(format!("{} {end}", invocation.function));
    }

    fn passed(&self, site: &EffectSite<'_>, plan: &FaultPlan, told: &dyn Fn() -> String) {
        let function = site.invocation.map_or("nobody", |invocation| &invocation.function);
        self.seen.borrow_mut().push(format!("{function} {} {}: {}", site.nth, plan.fault, told()));
    }
}

/// The notes and the record when the effects of two concurrent functions get these plans, and the seconds it took.
fn run(plans: &[(&'static str, u32, FaultPlan)]) -> (Vec<u32>, Vec<String>, i64) {
    let (clock, gate, notes) = (clock(), Gate::default(), Notes::default());
    let plans = plans.iter().map(|(function, nth, plan)| ((*function, *nth), *plan)).collect();
    let script = Rc::new(ScriptedInjector { clock: clock.clone(), plans, seen: RefCell::default() });
    gate.set_injector(Rc::clone(&script) as Rc<dyn FaultInjector>);
    let other = async {
        record(&notes, &gate, 10).await?;
        record(&notes, &gate, 20).await
    };
    clock.run(async { drop(futures::join!(gate.watch("f", work(&notes, &gate)), gate.watch("g", other))) });
    (notes.take(), script.seen.take(), clock.now().seconds())
}

fn plan_of(fault: Fault) -> FaultPlan {
    FaultPlan { fault, ..FaultPlan::default() }
}

#[test]
fn an_injector_decides_the_fault_of_each_effect() {
    for (fault, done, told) in [
        (Fault::Failure, vec![1, 10, 20], "the table is unavailable: not reached"),
        (Fault::Throttling, vec![1, 10, 20], "the table is unavailable: throttled"),
        (Fault::LostAnswer, vec![1, 2, 10, 20], "the table is unavailable: the answer was lost"),
        (Fault::Conflict, vec![1, 10, 20], "changed by a concurrent write"),
        (Fault::CrashBefore, vec![1, 10, 20], "died in mid-work"),
        (Fault::CrashDuring, vec![1, 2, 10, 20], "died in mid-work"),
        (Fault::CrashAfter, vec![1, 2, 10, 20], "died in mid-work"),
        (Fault::None, vec![1, 2, 3, 10, 20], "ok"),
    ] {
        let (mut notes, seen, _) = run(&[("f", 2, plan_of(fault))]);
        notes.sort_unstable();
        assert_eq!(notes, done, "{fault}");
        assert!(seen.contains(&format!("f 2 {fault}: {told}")), "{fault}: {seen:?}");
        let end = if fault == Fault::None { "is done" } else { told.split(':').next().unwrap_or_default() };
        assert!(seen.contains(&format!("f {end}")) && seen.contains(&"g is done".to_owned()), "{seen:?}");
    }
}

#[test]
fn a_slow_effect_lets_others_overtake_it() {
    let slow = FaultPlan { before: Duration::from_secs(3), after: Duration::from_secs(4), fault: Fault::None };
    let (notes, _, seconds) = run(&[("f", 1, slow)]);
    assert_eq!((notes, seconds), (vec![10, 20, 1, 2, 3], 7));
}

#[test]
fn what_is_no_invocation_cannot_die_and_fails_instead() {
    for (ordered, done, is_told) in [
        (Fault::CrashBefore, false, false),
        (Fault::CrashAfter, true, false),
        (Fault::LostAnswer, true, false),
        (Fault::None, true, true),
    ] {
        let (clock, gate, mut is_done) = (clock(), Gate::default(), false);
        let plans = [(("", 0), plan_of(ordered))].into();
        gate.set_injector(Rc::new(ScriptedInjector { clock: clock.clone(), plans, seen: RefCell::default() }));
        let told = clock.run(gate.acknowledge("queue.delete", || is_done = true));
        assert_eq!((is_done, told.is_ok()), (done, is_told), "{ordered}");
    }
}
