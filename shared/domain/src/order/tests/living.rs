//! From placing to the end: expiry and late payments, fulfilment, edits, invoices, the ledger.

use std::time::Duration;

use super::*;
use crate::{InvalidTransferReference, LedgerKind, PaymentChoice, PaymentTerms, TransferReference};

const LATE: Timestamp = Timestamp::from_millis(HELD_FOR);

fn line(sku: &str, quantity: u32, price: i64) -> OrderLine {
    OrderLine { sku: sku.parse().unwrap(), name: sku.into(), quantity, unit_price: Money::new(price, eur()) }
}

fn edit_to(lines: Vec<OrderLine>, total: i64) -> OrderEdit {
    OrderEdit { lines: Some((lines, Money::new(total, eur()))), contact: None }
}

#[test]
fn placing_takes_the_goods_and_tells_of_it() {
    let change = placing(PaymentMethod::Stripe, Some(LATE));
    assert_eq!((types(&change), change.stock), (vec![EventType::Placed], [("MUG".parse().unwrap(), -2)].into()));
    assert_eq!((change.order.version, change.ledger), (1, vec![]));
}

#[test]
fn goods_are_held_until_their_time_is_over_and_not_longer() {
    let order = placed();
    let before = Timestamp::from_millis(HELD_FOR - 1);
    assert!(!order.is_overdue_for_expiry(before) && order.expire("c", before).is_none());
    assert!(order.is_overdue_for_expiry(LATE));
    let expired = order.expire("c", LATE).unwrap();
    assert_eq!((expired.order.status, types(&expired)), (OrderStatus::Cancelled, vec![EventType::Cancelled]));
    assert_eq!(expired.order.cancellation, Some(Cancellation::new(LATE, CancelReason::Expired)));
    assert_eq!(expired.stock.values().sum::<i64>(), 2);
    assert_eq!(expired.order.expire("c", LATE), None);
    assert!(!expired.order.is_overdue_for_expiry(LATE));
}

#[test]
fn an_order_that_can_still_be_paid_does_not_expire() {
    use IntentStatus as I;
    for status in [I::RequiresPaymentMethod, I::RequiresAction, I::Processing, I::PaymentFailed] {
        let waiting = after(&placed(), intent("pi_1", status, 1, 0));
        assert_eq!(waiting.expire("c", LATE), None, "{status:?}");
        let given_up = after(&waiting, intent("pi_1", I::Canceled, 2, 0));
        assert!(given_up.expire("c", LATE).is_some());
    }
    let paid = after(&placed(), intent("pi_1", I::Succeeded, 1, TOTAL));
    assert_eq!((paid.reservation, paid.expire("c", LATE)), (Reservation::Confirmed, None));
    assert_eq!(invoiced().expire("c", LATE), None);
}

#[test]
fn late_money_brings_an_expired_order_back_with_its_goods() {
    let expired = placed().expire("c", LATE).unwrap().order;
    assert_eq!(expired.reinstate("c", LATE), None, "without money");
    let late = expired.apply_facts(vec![intent("pi_1", IntentStatus::Succeeded, 1, TOTAL)], "c", LATE).unwrap();
    assert_eq!((late.order.status, types(&late)), (OrderStatus::Cancelled, vec![EventType::RefundDue]));
    assert!(late.order.can_be_reinstated());
    let back = late.order.reinstate("c", LATE).unwrap();
    assert_eq!((back.order.status, types(&back)), (OrderStatus::Paid, vec![EventType::Paid]));
    assert_eq!((back.stock.values().sum::<i64>(), back.order.reservation), (-2, Reservation::Confirmed));
    assert_eq!(back.order.refund_due(), 0);
}

#[test]
fn only_an_order_that_expired_and_is_paid_in_full_comes_back() {
    let paid = |order: &Order, received| after(order, intent("pi_1", IntentStatus::Succeeded, 1, received));
    let expired = placed().expire("c", LATE).unwrap().order;
    let cancelled = placed().cancel("c", LATE).unwrap().unwrap().order;
    assert!(!paid(&cancelled, TOTAL).can_be_reinstated());
    assert!(!paid(&expired, TOTAL - 1).can_be_reinstated());
    let late = paid(&expired, TOTAL);
    assert!(!after(&late, refund("re_1", RefundStatus::Pending, 500)).can_be_reinstated());
    assert!(!late.reserve_due_refunds("c", LATE).unwrap().order.can_be_reinstated());
    assert!(!after(&late, dispute(DisputeStatus::NeedsResponse)).can_be_reinstated());
}

#[test]
fn only_what_is_paid_or_invoiced_and_uncontested_is_sent() {
    let paid = after(&placed(), intent("pi_1", IntentStatus::Succeeded, 1, TOTAL));
    let sent = paid.fulfil("c", LATE).unwrap().unwrap();
    assert_eq!((sent.order.status, types(&sent)), (OrderStatus::Fulfilled, vec![EventType::Fulfilled]));
    assert_eq!(sent.order.fulfil("c", LATE), Ok(None));
    assert!(sent.order.cancel("c", LATE).is_err());

    let partly = after(&paid, refund("re_1", RefundStatus::Succeeded, 500));
    let sent = partly.fulfil("c", LATE).unwrap().unwrap();
    assert_eq!((sent.order.status, types(&sent)), (OrderStatus::PartiallyRefunded, vec![EventType::Fulfilled]));
    assert_eq!(sent.order.cancel("c", LATE), Err(CannotBeCancelled(OrderStatus::PartiallyRefunded)));

    let going_back = paid.request_refund(&wanted("rfd_1", None), "c", LATE).unwrap().unwrap().order;
    let disputed = after(&paid, dispute(DisputeStatus::NeedsResponse));
    for order in [placed(), after(&paid, refund("re_1", RefundStatus::Pending, TOTAL)), disputed.clone(), going_back] {
        assert_eq!(order.fulfil("c", LATE), Err(CannotBeFulfilled(order.status)));
    }
    assert!(after(&disputed, dispute(DisputeStatus::Won)).fulfil("c", LATE).is_ok(), "won restores it");
}

#[test]
fn contested_money_is_not_given_back_by_calling_the_order_off() {
    let paid = after(&placed(), intent("pi_1", IntentStatus::Succeeded, 1, TOTAL));
    for dispute_status in [DisputeStatus::NeedsResponse, DisputeStatus::Lost] {
        let contested = after(&paid, dispute(dispute_status));
        assert_eq!(contested.cancel("c", LATE), Err(CannotBeCancelled(contested.status)), "{dispute_status:?}");
    }
}

#[test]
fn a_refunded_order_that_was_not_sent_can_give_its_goods_back() {
    let paid = after(&placed(), intent("pi_1", IntentStatus::Succeeded, 1, TOTAL));
    let refunded = after(&paid, refund("re_1", RefundStatus::Succeeded, TOTAL));
    let cancelled = refunded.cancel("c", LATE).unwrap().unwrap();
    assert_eq!((cancelled.order.status, cancelled.stock.values().sum::<i64>()), (OrderStatus::Refunded, 2));
}

#[test]
fn an_edit_moves_the_goods_that_differ_and_begins_another_attempt() {
    let order = placed();
    let edit = edit_to(vec![line("MUG", 1, 1000), line("CUP", 3, 100)], 1300);
    let change = order.edit(edit, "c", LATE).unwrap().unwrap();
    assert_eq!(change.stock, [("MUG".parse().unwrap(), 1), ("CUP".parse().unwrap(), -3)].into());
    assert_eq!((change.order.payment.attempt, change.order.total.amount), (2, 1300));
    assert_eq!(types(&change), [EventType::Updated]);
    let cart = |lines: &[(&str, u32)]| {
        let lines = lines.iter().map(|(sku, quantity)| CartLine { sku: sku.parse().unwrap(), quantity: *quantity });
        let contact = order.person.contact().unwrap().clone();
        Cart {
            lines: lines.collect(),
            currency: eur(),
            shipping_address: contact.shipping_address,
            email: contact.email,
            payment_method: PaymentChoice::Stripe,
        }
    };
    assert!(change.order.is_for(&cart(&[("MUG", 2)])), "the request that placed it is still its own");
    assert!(!change.order.is_for(&cart(&[("MUG", 1), ("CUP", 3)])));
    let back = change.order.edit(edit_to(order.lines.clone(), TOTAL), "c", LATE).unwrap().unwrap();
    assert_eq!(back.stock.values().sum::<i64>(), 2);
    assert!(back.order.is_for(&cart(&[("MUG", 2)])));
    assert_eq!(back.order.edit(OrderEdit::default(), "c", LATE), Ok(None));
}

#[test]
fn a_contact_may_change_while_an_intent_is_live_and_a_total_may_not() {
    let live = after(&placed(), intent("pi_1", IntentStatus::RequiresAction, 1, 0));
    assert_eq!(live.edit(edit_to(vec![line("MUG", 1, 1000)], 1000), "c", LATE), Err(EditRefused::IntentLive));
    let contact = Contact { email: "ben@example.com".parse().unwrap(), ..live.person.contact().unwrap().clone() };
    let edit = OrderEdit { lines: None, contact: Some(contact.clone()) };
    let change = live.edit(edit, "c", LATE).unwrap().unwrap();
    assert_eq!((change.order.payment.attempt, types(&change)), (1, vec![EventType::Updated]));
    assert_eq!(change.order.person.contact(), Some(&contact));
    let first = Cart {
        lines: vec![CartLine { sku: "MUG".parse().unwrap(), quantity: 2 }],
        currency: eur(),
        shipping_address: contact.shipping_address.clone(),
        email: "anna@example.com".parse().unwrap(),
        payment_method: PaymentChoice::Stripe,
    };
    assert!(change.order.is_for(&first), "the request that placed it is still its own");
    let on_invoice = Cart { payment_method: PaymentChoice::Invoice, ..first };
    assert!(!change.order.is_for(&on_invoice), "the same cart to be paid in another way is another");
    let same_price = live.edit(edit_to(vec![line("CUP", 1, TOTAL)], TOTAL), "c", LATE).unwrap().unwrap();
    assert_eq!(same_price.order.payment.attempt, 1);
    let given_up = after(&live, intent("pi_1", IntentStatus::Canceled, 2, 0));
    assert!(given_up.edit(edit_to(vec![line("MUG", 1, 1000)], 1000), "c", LATE).is_ok());
}

#[test]
fn what_is_paid_sent_or_called_off_is_not_edited() {
    let paid = after(&placed(), intent("pi_1", IntentStatus::Succeeded, 1, TOTAL));
    let cancelled = placed().cancel("c", LATE).unwrap().unwrap().order;
    let sent = invoiced().fulfil("c", LATE).unwrap().unwrap().order;
    let processing = after(&placed(), intent("pi_1", IntentStatus::Processing, 1, 0));
    for order in [paid, cancelled, sent, processing] {
        let edit = edit_to(vec![line("MUG", 1, 1)], 1);
        assert_eq!(order.edit(edit, "c", LATE), Err(EditRefused::TooLate(order.status)), "{}", order.status);
    }
}

#[test]
fn goods_wait_for_a_payment_for_a_while_and_for_an_invoice_until_somebody_decides() {
    let terms = PaymentTerms { reservation: Duration::from_mins(1), invoice_due: Duration::from_hours(48) };
    let now = Timestamp::from_seconds(1000);
    assert_eq!(terms.agreed(PaymentChoice::Stripe, now), (PaymentMethod::Stripe, Some(Timestamp::from_seconds(1060))));
    let due_at = Timestamp::from_seconds(1000 + 48 * 3600);
    let invoice = PaymentMethod::Invoice { due_at, overdue_since: None };
    assert_eq!(terms.agreed(PaymentChoice::Invoice, now), (invoice, None));
    assert_eq!(
        [PaymentMethod::Stripe, invoice].map(PaymentMethod::choice),
        [PaymentChoice::Stripe, PaymentChoice::Invoice]
    );
}

#[test]
fn a_transfers_reference_is_legible_and_bounded() {
    let long = "R".repeat(140);
    for good in ["1", "RE 2026-1142", "NOTPROVIDED/+?:().,'", &long] {
        assert_eq!(good.parse::<TransferReference>().unwrap().as_str(), good);
    }
    for bad in ["", " ", " RE", "RE ", "R\nE", "R\u{7f}", "Müller", &format!("{long}R")] {
        assert_eq!(bad.parse::<TransferReference>(), Err(InvalidTransferReference), "{bad:?}");
    }
}

#[test]
fn an_invoice_is_paid_by_one_transfer_before_or_after_its_goods_are_sent() {
    let order = invoiced();
    assert_eq!(order.status, OrderStatus::Invoiced);
    let paid = order.mark_paid("stmt-1", None, "c", LATE).unwrap().unwrap();
    assert_eq!((paid.order.status, types(&paid)), (OrderStatus::Paid, vec![EventType::Paid]));
    assert_eq!((paid.ledger[0].kind, paid.ledger[0].object.as_str()), (LedgerKind::Transfer, "stmt-1"));
    assert_eq!(paid.order.mark_paid("stmt-1", None, "c", LATE), Ok(None));
    assert_eq!(paid.order.mark_paid("stmt-2", None, "c", LATE), Err(TransferRefused::NotAwaited(OrderStatus::Paid)));

    let sent = order.fulfil("c", LATE).unwrap().unwrap();
    assert_eq!((sent.order.status, types(&sent)), (OrderStatus::Invoiced, vec![EventType::Fulfilled]));
    assert_eq!(sent.order.reservation, Reservation::Confirmed);
    assert_eq!(sent.order.mark_paid("stmt-1", None, "c", LATE).unwrap().unwrap().order.status, OrderStatus::Fulfilled);
    assert_eq!(placed().mark_paid("stmt-1", None, "c", LATE), Err(TransferRefused::NotByInvoice));
}

#[test]
fn a_transfer_whose_amount_is_named_pays_the_total_or_nothing() {
    let order = invoiced();
    let (less, other) = (Money::new(TOTAL - 1, eur()), Money::new(TOTAL, "usd".parse().unwrap()));
    for amount in [less, Money::new(TOTAL + 1, eur()), other] {
        let refused = Err(TransferRefused::AmountMismatch(order.total));
        assert_eq!(order.mark_paid("stmt-1", Some(amount), "c", LATE), refused, "{amount}");
    }
    let paid = order.mark_paid("stmt-1", Some(order.total), "c", LATE).unwrap().unwrap();
    assert_eq!(Ok(Some(paid.clone())), order.mark_paid("stmt-1", None, "c", LATE), "as without a word about it");
    assert_eq!(paid.order.mark_paid("stmt-1", Some(order.total), "c", LATE), Ok(None));
    let refused = Err(TransferRefused::AmountMismatch(order.total));
    assert_eq!(paid.order.mark_paid("stmt-1", Some(less), "c", LATE), refused);
}

#[test]
fn a_late_invoice_is_said_to_be_late_once() {
    let order = invoiced();
    let due = Timestamp::from_seconds(24 * 60 * 60);
    assert_eq!(order.mark_overdue("c", Timestamp::from_seconds(24 * 60 * 60 - 1)), None);
    let late = order.mark_overdue("c", due).unwrap();
    assert_eq!((late.order.status, types(&late)), (OrderStatus::Invoiced, vec![EventType::InvoiceOverdue]));
    assert_eq!(late.order.mark_overdue("c", due), None);
    let paid = order.mark_paid("stmt-1", None, "c", LATE).unwrap().unwrap().order;
    assert_eq!((paid.mark_overdue("c", due), placed().mark_overdue("c", due)), (None, None));
}

#[test]
fn a_transfer_goes_back_by_another_transfer() {
    let paid = invoiced().mark_paid("stmt-1", None, "c", LATE).unwrap().unwrap().order;
    let by = |action: &str, reference: &str, amount| RefundRequest {
        transfer: Some(reference.into()),
        ..wanted(action, amount)
    };
    let back = paid.request_refund(&by("rfd_1", "stmt-2", Some(500)), "c", LATE).unwrap().unwrap();
    assert_eq!((back.order.status, types(&back)), (OrderStatus::PartiallyRefunded, vec![EventType::PartiallyRefunded]));
    assert_eq!(back.ledger[0].amount.amount, -500);
    assert_eq!(back.order.request_refund(&by("rfd_1", "stmt-2", Some(500)), "c", LATE), Ok(None));
    for other in [by("rfd_1", "stmt-3", Some(500)), by("rfd_1", "stmt-2", Some(501))] {
        assert_eq!(back.order.request_refund(&other, "c", LATE), Err(RefundRefused::AnotherRefund));
    }
    let of_another = back.order.request_refund(&by("rfd_2", "stmt-2", None), "c", LATE);
    assert_eq!(of_another, Err(RefundRefused::ReferenceUsed));
    let too_much = back.order.request_refund(&by("rfd_2", "stmt-3", Some(2001)), "c", LATE);
    assert_eq!(too_much, Err(RefundRefused::TooMuch { left: 2000 }));
    assert_eq!(paid.request_refund(&wanted("rfd_1", None), "c", LATE), Err(RefundRefused::Transfer));
    let rest = back.order.request_refund(&by("rfd_2", "stmt-3", None), "c", LATE).unwrap().unwrap().order;
    assert_eq!((rest.status, rest.payment.kept()), (OrderStatus::Refunded, 0));
}

#[test]
fn the_ledger_has_each_movement_once_whatever_comes_again() {
    let facts = [
        intent("pi_1", IntentStatus::Processing, 1, 0),
        intent("pi_1", IntentStatus::Succeeded, 1, TOTAL),
        intent("pi_1", IntentStatus::Succeeded, 2, TOTAL),
        refund("re_1", RefundStatus::Pending, 500),
        refund("re_1", RefundStatus::Succeeded, 500),
        refund("re_1", RefundStatus::Failed, 500),
        dispute(DisputeStatus::NeedsResponse),
        dispute(DisputeStatus::Lost),
    ];
    let (mut order, mut booked) = (placed(), vec![]);
    for fact in facts.iter().chain(&facts) {
        if let Some(change) = order.apply_facts(vec![fact.clone()], "c", order.updated_at) {
            booked.extend(change.ledger.iter().map(|entry| (entry.kind, entry.object.clone(), entry.amount.amount)));
            order = change.order;
        }
    }
    let entry = |kind, object: &str, amount| (kind, object.to_owned(), amount);
    assert_eq!(
        booked,
        [
            entry(LedgerKind::Payment, "pi_1", TOTAL),
            entry(LedgerKind::Refund, "re_1", -500),
            entry(LedgerKind::RefundFailed, "re_1", 500),
            entry(LedgerKind::DisputeLost, "du_1", -TOTAL),
        ]
    );
    assert_eq!(order.status, OrderStatus::ChargedBack);
}

#[test]
fn an_intent_of_a_cancelled_order_that_can_be_paid_again_is_told_of() {
    use IntentStatus as I;
    let processing = after(&placed(), intent("pi_1", I::Processing, 1, 0));
    let cancelled = processing.cancel("c", LATE).unwrap().unwrap();
    assert_eq!(types(&cancelled), [EventType::Cancelled]);
    let failed = cancelled.order.apply_facts(vec![intent("pi_1", I::PaymentFailed, 2, 0)], "c", LATE).unwrap();
    assert_eq!(types(&failed), [EventType::PaymentFailed, EventType::VoidDue]);
    let again = failed.order.apply_facts(vec![intent("pi_1", I::RequiresAction, 3, 0)], "c", LATE).unwrap();
    assert_eq!(types(&again), [], "it is known");
    let voided = again.order.apply_facts(vec![intent("pi_1", I::Canceled, 4, 0)], "c", LATE).unwrap();
    assert_eq!(types(&voided), []);
}

#[test]
fn an_intent_that_another_took_the_place_of_is_to_be_voided() {
    let attached =
        placed().attach_intent("pi_2".into(), vec![intent("pi_2", IntentStatus::RequiresAction, 1, 0)], "c", LATE);
    let order = attached.unwrap().order;
    assert_eq!(order.intents_to_void().count(), 0);
    let two = order.apply_facts(vec![intent("pi_1", IntentStatus::RequiresPaymentMethod, 1, 0)], "c", LATE).unwrap();
    assert_eq!(types(&two), [EventType::VoidDue]);
    let two = two.order;
    assert_eq!(two.intents_to_void().map(IntentId::as_str).collect::<Vec<_>>(), ["pi_1"]);
    let cancelled = two.cancel("c", LATE).unwrap().unwrap().order;
    assert_eq!(cancelled.intents_to_void().count(), 2);
}

#[test]
fn an_order_that_money_came_for_takes_no_more() {
    use IntentStatus as I;
    let attach = |status| placed().attach_intent("pi_1".into(), vec![intent("pi_1", status, 1, 0)], "c", LATE);
    let order = attach(I::RequiresPaymentMethod).unwrap().order;
    let elsewhere = |amount| vec![intent("pi_2", I::Succeeded, 2, amount)];
    let paid = order.apply_facts(elsewhere(TOTAL), "c", LATE).unwrap();
    assert_eq!(types(&paid), [EventType::Paid, EventType::VoidDue]);
    assert_eq!(paid.order.intents_to_void().map(IntentId::as_str).collect::<Vec<_>>(), ["pi_1"]);
    let in_doubt = order.apply_facts(elsewhere(TOTAL - 1), "c", LATE).unwrap();
    assert_eq!(types(&in_doubt), [EventType::NeedsReview, EventType::VoidDue]);
    // While the bank is processing, nothing can be done; the event comes when something can.
    let at_work = attach(I::Processing).unwrap().order.apply_facts(elsewhere(TOTAL), "c", LATE).unwrap();
    assert_eq!(types(&at_work), [EventType::Paid]);
    let failed = at_work.order.apply_facts(vec![intent("pi_1", I::PaymentFailed, 3, 0)], "c", LATE).unwrap();
    assert_eq!(types(&failed), [EventType::PaymentFailed, EventType::VoidDue]);
    let own = order.apply_facts(vec![intent("pi_1", I::Succeeded, 2, TOTAL)], "c", LATE).unwrap();
    assert_eq!((types(&own), own.order.intents_to_void().count()), (vec![EventType::Paid], 0));
}

#[test]
fn what_comes_together_is_told_together() {
    let paid = intent("pi_1", IntentStatus::Succeeded, 1, TOTAL);
    let both = placed().apply_facts(vec![paid.clone(), dispute(DisputeStatus::NeedsResponse)], "c", LATE).unwrap();
    assert_eq!(types(&both), [EventType::Paid, EventType::Disputed, EventType::DisputeUpdated]);
    let part = after(&after(&placed(), paid), refund("re_1", RefundStatus::Succeeded, 500));
    let contested = after(&part, dispute(DisputeStatus::NeedsResponse));
    let won = contested.apply_facts(vec![dispute(DisputeStatus::Won)], "c", LATE).unwrap();
    assert_eq!(types(&won), [EventType::PartiallyRefunded, EventType::DisputeUpdated], "it is so again");
}

#[test]
fn whoever_cancels_an_expired_order_gets_late_money_back() {
    let expired = placed().expire("c", LATE).unwrap().order;
    let cancelled = expired.cancel("c", LATE).unwrap().unwrap();
    assert_eq!(types(&cancelled), [EventType::Updated]);
    assert!(cancelled.stock.is_empty(), "its goods are back already");
    assert_eq!(cancelled.order.cancel("c", LATE), Ok(None));
    let late = after(&cancelled.order, intent("pi_1", IntentStatus::Succeeded, 1, TOTAL));
    assert_eq!((late.status, late.refund_due(), late.can_be_reinstated()), (OrderStatus::Cancelled, TOTAL, false));
    assert!(after(&expired, intent("pi_1", IntentStatus::Succeeded, 1, TOTAL)).can_be_reinstated());
}

#[test]
fn an_order_that_stripe_refuses_to_charge_is_cancelled_for_that() {
    let refused = placed().refuse_payment(1, Some("currency_not_supported"), "c", LATE).unwrap();
    assert_eq!((types(&refused), refused.order.status), (vec![EventType::Cancelled], OrderStatus::Cancelled));
    assert_eq!(refused.stock.into_values().collect::<Vec<_>>(), [2], "its goods go back");
    assert!(refused.order.is_payment_refused());
    assert_eq!(refused.order.payment.refusal.as_deref(), Some("currency_not_supported"));
    assert_eq!(refused.order.refuse_payment(1, None, "c", LATE), None);
    assert_eq!(placed().refuse_payment(2, None, "c", LATE), None, "another attempt");
    let attached = placed().attach_intent("pi_1".into(), vec![], "c", LATE).unwrap().order;
    assert_eq!(attached.refuse_payment(1, None, "c", LATE), None, "it got one after all");
}

#[test]
fn more_products_than_one_transaction_moves_are_refused_before_anything_is_given_up() {
    let lines =
        |prefix: &str, count: usize| (0..count).map(|n| line(&format!("{prefix}-{n}"), 1, 50)).collect::<Vec<_>>();
    let of = |lines: Vec<OrderLine>| {
        let mut order = after(&placed(), intent("pi_1", IntentStatus::RequiresAction, 1, 0));
        order.lines = lines;
        order
    };
    let edit = |order: &Order, lines| order.edit(edit_to(lines, 999), "c", LATE);
    assert_eq!(edit(&of(lines("A", 50)), lines("B", 50)), Err(EditRefused::TooManyProducts));
    assert_eq!(edit(&of(lines("A", 50)), lines("B", 46)), Err(EditRefused::IntentLive));
    assert_eq!(edit(&of(lines("A", 50)), lines("A", 50)), Err(EditRefused::IntentLive));
}

#[test]
fn an_edit_of_lines_or_of_the_contact_alone_is_told() {
    let contact = Contact { email: "bob@example.com".parse().unwrap(), ..placed().person.contact().unwrap().clone() };
    let lines = edit_to(vec![line("CUP", 1, TOTAL)], TOTAL);
    for edit in [lines, OrderEdit { lines: None, contact: Some(contact) }] {
        let change = placed().edit(edit, "c", LATE).unwrap().unwrap();
        assert_eq!(types(&change), [EventType::Updated]);
    }
}
