//! What goes wrong with alerts elsewhere, each by its name; evaluation with real metadata, over a metric that the test sets.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

mod kill;
mod world;

use cupola_alert::{AlertId, Happened, HealthStatus, Matcher, MessageKind, Phase, Severity, Why};
use world::{GAUGE, S, World};

const BASE: &str = "threshold = 10";

fn firing(world: &World) -> Vec<String> {
    let all = world.alerts.alerts().unwrap();
    let fires = all.iter().filter(|alert| alert.phase == Phase::Firing);
    fires.map(|alert| alert.labels.get("service").cloned().unwrap_or_default()).collect()
}

fn only(world: &World) -> AlertId {
    world.alerts.alerts().unwrap()[0].id()
}

fn kinds(sent: &[cupola_alert::Outgoing]) -> Vec<MessageKind> {
    sent.iter().map(|outgoing| outgoing.kind).collect()
}

use MessageKind::{Escalated, Firing, Repeat, Resolved};

/// openobserve#14556: the cooldown began while the alert was pending, and nobody was told for ninety minutes.
#[test]
fn cooldown_is_not_armed_while_pending() {
    let mut world = World::new("threshold = 10\nfor = \"1m\"\ncooldown = \"90m\"");
    world.set("shop", 20.0).run(50);
    assert_eq!(world.sent(), [], "it is pending");
    world.run(20);
    assert_eq!(kinds(&world.deliver()), [Firing]);
}

/// openobserve#3637: one host muted ninety-nine others.
#[test]
fn cooldown_is_of_a_series_and_not_of_a_rule() {
    let mut world = World::new("threshold = 10\ncooldown = \"1h\"");
    world.set("a", 20.0).set("b", 1.0).run(10);
    assert_eq!(kinds(&world.deliver()), [Firing]);
    world.set("b", 20.0).run(10);
    let sent = world.deliver();
    assert_eq!((kinds(&sent), sent[0].notice.labels["service"].as_str()), (vec![Firing], "b"));
}

/// openobserve#4155, #4623: the cooldown took the place of the schedule.
#[test]
fn cooldown_holds_back_messages_and_not_evaluation() {
    let mut world = World::new("threshold = 10\ncooldown = \"10m\"");
    world.set("shop", 20.0).run(10);
    assert_eq!(kinds(&world.deliver()), [Firing]);
    world.set("shop", 1.0).run(10);
    assert_eq!(kinds(&world.deliver()), [Resolved], "that it is over is said whatever the cooldown");
    for _ in 0..3 {
        world.set("shop", 20.0).run(10);
        assert_eq!(firing(&world), ["shop"], "it fires, although nobody is told");
        world.set("shop", 1.0).run(10);
    }
    assert_eq!(world.deliver(), [], "and nobody is told that it is over, who was not told that it fires");
    world.set("shop", 20.0).run(600);
    let sent = world.deliver();
    assert_eq!((kinds(&sent), sent[0].suppressed), (vec![Firing], 4), "how many were held back is said");
    world.set("shop", 1.0).run(10);
    world.deliver();
    world.set("shop", 20.0).run(620);
    assert_eq!(world.deliver()[0].suppressed, 1, "and counted anew");
}

#[test]
fn cooldown_begins_when_a_message_was_delivered() {
    let mut world = World::new("threshold = 10\ncooldown = \"1h\"");
    world.set("shop", 20.0).run(10);
    assert_eq!(world.sent().len(), 1, "written, and not delivered: the mail server is away");
    world.set("shop", 1.0).run(10).set("shop", 20.0).run(10);
    let waiting = world.sent();
    assert_eq!(waiting.iter().filter(|row| row.kind == Firing).count(), 2, "nobody was told, so nothing is held back");
}

#[test]
fn what_is_held_back_is_told_at_once_when_it_gets_more_severe() {
    let mut world = World::new("threshold = 10\ncritical_threshold = 50\ncooldown = \"1h\"");
    world.set("shop", 20.0).run(10);
    world.deliver();
    world.set("shop", 1.0).run(10);
    world.deliver();
    world.set("shop", 20.0).run(30);
    assert_eq!(world.deliver(), []);
    world.set("shop", 60.0).run(10);
    let sent = world.deliver();
    assert_eq!((kinds(&sent), sent[0].notice.severity), (vec![Firing], Severity::Critical));
}

/// openobserve#9599, hyperdxio/hyperdx#861: nobody was told that it was over.
#[test]
fn there_is_a_resolved_message() {
    let mut world = World::new(BASE);
    world.set("shop", 20.0).run(10);
    assert_eq!(kinds(&world.deliver()), [Firing]);
    world.set("shop", 1.0).run(10);
    let sent = world.deliver();
    assert_eq!(kinds(&sent), [Resolved]);
    assert!(sent[0].notice.ends_at.is_some() && sent[0].notice.reason.is_none());
    assert_eq!(sent[0].notice.value, Some(1.0));
}

#[test]
fn no_resolved_message_where_none_is_wanted() {
    let mut world = World::new("threshold = 10\nsend_resolved = false");
    world.set("shop", 20.0).run(10);
    world.deliver();
    world.set("shop", 1.0).run(10);
    assert_eq!(world.deliver(), []);
}

/// rcourtman/Pulse#1553: it was said that something was over of which nobody had been told.
#[test]
fn nothing_is_over_that_nobody_was_told_of() {
    let mut world = World::new("threshold = 10\nfor = \"1m\"");
    world.set("shop", 20.0).run(30).set("shop", 1.0).run(60);
    assert_eq!(world.sent(), [], "it was only pending");
    let mut world = World::new(BASE);
    world.silence("service=shop", 600);
    world.set("shop", 20.0).run(30).set("shop", 1.0).run(700);
    assert_eq!(world.sent(), [], "it was silenced from the beginning to the end");
}

/// hyperdxio/hyperdx#2464: a message at every evaluation.
#[test]
fn nobody_is_told_again_at_every_evaluation() {
    let mut world = World::new("threshold = 10\nrepeat = \"1h\"");
    world.set("shop", 20.0).run(3_590);
    assert_eq!(kinds(&world.deliver()), [Firing]);
    world.run(30);
    assert_eq!(kinds(&world.deliver()), [], "an hour after it was delivered, not after it was decided");
    world.run(3_600);
    assert_eq!(kinds(&world.deliver()), [Repeat]);
    let mut world = World::new("threshold = 10\nrepeat = \"0\"");
    world.set("shop", 20.0).run(20_000);
    assert_eq!(kinds(&world.deliver()), [Firing], "never");
}

/// hyperdxio/hyperdx#2534: what was tried again came twice.
#[test]
fn what_waits_to_be_sent_is_not_written_again() {
    let mut world = World::new("threshold = 10\nrepeat = \"0\"");
    world.set("shop", 20.0).run(60);
    let first = world.keys();
    world.restart().run(60).restart().run(60);
    assert_eq!((world.keys(), first.len()), (first, 1));
    world.deliver();
    world.restart().run(60);
    assert_eq!(world.sent(), [], "nor after it was sent");
}

/// grafana/grafana#105571: what was not there any more was said to be well.
#[test]
fn a_series_that_vanishes_is_not_well() {
    let mut world = World::new("threshold = 10\nmissing = 5");
    world.set("shop", 20.0).set("other", 1.0).run(10);
    world.deliver();
    world.unset("shop").run(40);
    assert_eq!((firing(&world), world.sent()), (vec!["shop".to_owned()], vec![]));
    world.set("shop", 20.0).run(10).unset("shop").run(40);
    assert_eq!(firing(&world), ["shop"], "it was there in between");
    world.run(10);
    let sent = world.deliver();
    assert_eq!(kinds(&sent), [Resolved]);
    assert_eq!(sent[0].notice.reason.as_deref(), Some("nothing is said of it any more"));
}

/// grafana/grafana#36376: "keep last state" was taken away, and asked back.
#[test]
fn where_nothing_at_all_is_known_things_stay_as_they_are() {
    let mut world = World::new("threshold = 10\nmissing = 2");
    world.set("shop", 20.0).run(10).unset("shop").run(600);
    assert_eq!(firing(&world), ["shop"]);
    assert_eq!(world.health().status, HealthStatus::NoData);
    let mut world = World::new("threshold = 10\nno_data = \"ok\"");
    world.set("shop", 20.0).run(10).unset("shop").run(10);
    assert_eq!(firing(&world), [""; 0]);
}

#[test]
fn an_error_neither_fires_nor_resolves_and_is_told_of_by_itself() {
    let mut world = World::new(BASE);
    world.add("[[rule]]\nname = \"broken\"\nkind = \"rule_broken\"\nthreshold = 2\ninterval = \"10s\"\ndelay = \"0\"");
    world.set("shop", 20.0).run(10);
    world.deliver();
    world.fail(true).run(60);
    let health = world.health();
    assert_eq!((health.status, health.failures), (HealthStatus::Error, 6));
    assert!(health.problem.unwrap().contains("the disk is gone"));
    let sent = world.deliver();
    assert_eq!((kinds(&sent), sent[0].notice.rule.as_str()), (vec![Firing], "broken"));
    assert_eq!(sent[0].notice.labels["broken"], "gauge");
    world.fail(false).run(30);
    assert_eq!(world.health().status, HealthStatus::Ok);
    let sent = world.deliver();
    assert_eq!((kinds(&sent), sent[0].notice.rule.as_str()), (vec![Resolved], "broken"));
    assert_eq!(firing(&world), ["shop"]);
}

/// prometheus/alertmanager#226: what was over while it was silenced was never said to be.
#[test]
fn what_is_over_while_it_is_silenced_is_told_when_the_silence_ends() {
    let mut world = World::new(BASE);
    world.set("shop", 20.0).run(10);
    assert_eq!(kinds(&world.deliver()), [Firing]);
    world.silence("service=shop", 300);
    world.set("shop", 1.0).run(200);
    assert_eq!(world.sent(), []);
    world.restart().run(150);
    assert_eq!(kinds(&world.deliver()), [Resolved]);
    world.run(300);
    assert_eq!(world.sent(), [], "once");
}

#[test]
fn what_goes_on_when_a_silence_ends_is_told() {
    let mut world = World::new("threshold = 10\nrepeat = \"0\"");
    world.silence("service=shop", 300);
    world.set("shop", 20.0).run(290);
    assert_eq!((firing(&world), world.sent()), (vec!["shop".to_owned()], vec![]), "evaluation goes on");
    world.run(60);
    assert_eq!(kinds(&world.deliver()), [Firing]);
    world.silence("service=sh*", 300);
    world.run(350);
    assert_eq!(kinds(&world.deliver()), [Repeat], "whoever was told before is told that it goes on");
    let id = world.silence("service=shop", 300);
    world.run(20);
    world.alerts.people().unsilence(&id, "ann", world.now).unwrap();
    world.run(10);
    assert_eq!(kinds(&world.deliver()), [Repeat]);
}

/// What gets better as its silence ends does not go on, and is not announced; what does then come back in the same episode is, and what is
/// over is said where it was said that it fires.
#[test]
fn what_recovers_when_a_silence_ends_is_told_if_it_fires_again() {
    for was_told in [false, true] {
        let mut world = World::new("threshold = 10\nrepeat = \"0\"\nkeep_firing_for = \"2m\"");
        if was_told {
            world.set("shop", 20.0).run(10);
            assert_eq!(kinds(&world.deliver()), [Firing]);
        }
        world.silence("service=shop", 60);
        world.set("shop", 20.0).run(50).set("shop", 1.0).run(40).restart().run(20);
        assert_eq!((firing(&world), world.sent()), (vec![], vec![]), "it recovers, in silence and after it");
        world.set("shop", 20.0).run(10);
        assert_eq!(kinds(&world.deliver()), [if was_told { Repeat } else { Firing }]);
        world.run(60);
        assert_eq!(world.sent(), [], "once");
        world.silence("service=shop", 60);
        world.run(20).set("shop", 1.0).run(200);
        assert_eq!(kinds(&world.deliver()), [Resolved], "of what was told the end is");
    }
    let mut world = World::new("threshold = 10\nkeep_firing_for = \"2m\"");
    world.silence("service=shop", 60);
    world.set("shop", 20.0).run(50).set("shop", 1.0).run(300);
    assert_eq!(world.sent(), [], "of what nobody was told, nobody is told that it is over");
}

#[test]
fn of_two_episodes_in_one_silence_both_ends_are_told() {
    let mut world = World::new(BASE);
    world.set("shop", 20.0).run(10);
    world.deliver();
    world.silence("rule=gauge", 300);
    world.set("shop", 1.0).run(20).set("shop", 20.0).run(350);
    let sent = world.deliver();
    let mut told: Vec<_> = sent.iter().map(|row| (row.kind, row.notice.starts_at)).collect();
    told.sort_by_key(|(_, starts_at)| *starts_at);
    assert_eq!(told.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), [Resolved, Firing]);
}

/// grafana/grafana#13364, #18193: nobody could say that they are at it.
#[test]
fn an_acknowledged_alert_is_not_repeated_and_all_else_is_told() {
    let mut world = World::new("threshold = 10\ncritical_threshold = 50\nrepeat = \"10m\"");
    world.set("shop", 20.0).run(10);
    world.deliver();
    let id = only(&world);
    world.alerts.people().acknowledge(&id, "ann", "I look at it", None, world.now).unwrap();
    world.run(3_600);
    assert_eq!(world.deliver(), []);
    assert_eq!(world.alerts.alert(&id).unwrap().unwrap().acknowledged.unwrap().by, "ann");
    world.set("shop", 60.0).run(10);
    assert_eq!(kinds(&world.deliver()), [Escalated], "an acknowledged warning is not an acknowledged disaster");
    assert!(world.alerts.alert(&id).unwrap().unwrap().acknowledged.is_none());
    world.run(620);
    assert_eq!(kinds(&world.deliver()), [Repeat]);
    world.alerts.people().acknowledge(&id, "ann", "", Some(world.now + 1_200 * S), world.now).unwrap();
    world.run(1_190);
    assert_eq!(world.deliver(), []);
    world.run(20);
    assert_eq!(kinds(&world.deliver()), [Repeat], "only until then");
    world.alerts.people().acknowledge(&id, "ann", "", None, world.now).unwrap();
    world.set("shop", 1.0).run(10);
    assert_eq!(kinds(&world.deliver()), [Resolved]);
    let error = world.alerts.people().acknowledge(&id, "ann", "", None, world.now).unwrap_err();
    assert!(error.to_string().contains("does not fire"), "{error}");
    world.set("shop", 20.0).run(10);
    assert!(world.alerts.alert(&id).unwrap().unwrap().acknowledged.is_none(), "a new episode is nobody's yet");
}

/// prometheus/alertmanager#1063, grafana/grafana#37461: it came and went.
#[test]
fn what_comes_and_goes_is_one_episode_or_said_to_flap() {
    let mut world = World::new("threshold = 10\nkeep_firing_for = \"2m\"");
    for _ in 0..10 {
        world.set("shop", 20.0).run(20).set("shop", 1.0).run(60);
    }
    assert_eq!(kinds(&world.deliver()), [Firing]);
    let mut world = World::new("threshold = 10\nrecovery_threshold = 5");
    for _ in 0..10 {
        world.set("shop", 11.0).run(20).set("shop", 9.0).run(20);
    }
    assert_eq!(kinds(&world.deliver()), [Firing]);
    let mut world = World::new("threshold = 10\nflap_window = \"10m\"");
    world.set("shop", 20.0).run(10).set("shop", 1.0).run(10);
    let first = world.alerts.alerts().unwrap()[0].episode.clone().unwrap();
    world.set("shop", 20.0).run(10);
    assert_eq!(world.alerts.alerts().unwrap()[0].episode.clone().unwrap().flap_of, Some(first.id));
}

#[test]
fn what_was_pending_is_pending_after_a_restart() {
    let mut world = World::new("threshold = 10\nfor = \"1m\"");
    world.set("shop", 20.0).run(40).restart().run(30);
    assert_eq!(kinds(&world.deliver()), [Firing]);
}

#[test]
fn time_in_which_nobody_looked_is_not_time_in_which_it_was_too_much() {
    let mut world = World::new("threshold = 10\nfor = \"5m\"\nkeep_firing_for = \"5m\"");
    world.set("shop", 20.0).run(60);
    world.now += 3_600 * S;
    world.restart().run(200);
    assert_eq!(firing(&world), [""; 0], "an hour was slept through");
    world.run(120);
    assert_eq!(firing(&world), ["shop"]);
}

#[test]
fn a_clock_that_is_set_fires_and_resolves_nothing() {
    for set in [-86_400, 86_400, -60, 7_200] {
        let mut world = World::new("threshold = 10\nfor = \"5m\"\nkeep_firing_for = \"5m\"\nrepeat = \"0\"");
        world.set("shop", 20.0).run(200);
        world.now += set * S;
        world.run(60);
        assert_eq!(world.deliver(), [], "{set}");
        world.run(100);
        assert_eq!(kinds(&world.deliver()), [Firing], "{set}: and it goes on from where it was");
        world.set("shop", 1.0).run(200);
        world.now += set * S;
        world.run(60);
        assert_eq!(world.deliver(), [], "{set}");
        world.run(100);
        assert_eq!(kinds(&world.deliver()), [Resolved], "{set}");
    }
}

/// "Never evaluate a window the store was down for as 0."
#[test]
fn a_window_in_which_nobody_was_there_is_no_zero() {
    let mut world = World::with(
        "[[rule]]\nname = \"gauge\"\nkind = \"request_rate\"\ncompare = \"below\"\nthreshold = 1\nservice = \"shop\"\ninterval = \"10s\"\ndelay = \"0\"",
    );
    world.requests(0).run(280);
    assert_eq!(firing(&world), [""; 0], "before it began nobody was there");
    world.requests(600).run(60);
    assert_eq!((firing(&world).len(), world.health().status), (0, HealthStatus::Ok));
    world.now += 600 * S;
    world.requests(0).restart().run(250);
    assert_eq!((firing(&world).len(), world.health().status), (0, HealthStatus::NoData), "it may all have come");
    world.run(100);
    assert_eq!(firing(&world), ["shop"], "now somebody was there, and nothing came");
}

#[test]
fn a_text_that_cannot_be_filled_is_sent_all_the_same() {
    let mut world =
        World::new("threshold = 10\nannotations = { summary = \"{{ labels.team }}: {{ value }} {{ open\" }");
    world.set("shop", 20.0).run(10);
    assert_eq!(world.deliver()[0].notice.annotations["summary"], "-: 20 {{ open");
}

#[test]
fn a_rule_that_is_gone_ends_its_alerts_and_says_so() {
    let mut world = World::new(BASE);
    world.set("shop", 20.0).run(10);
    world.deliver();
    world.put_rule(&serde_json::json!({ "name": "gauge", "enabled": false })).run(10);
    let sent = world.deliver();
    assert_eq!(kinds(&sent), [Resolved]);
    assert_eq!(sent[0].notice.reason.as_deref(), Some("its rule was deleted or turned off"));
    world.alerts.people().delete_rule("gauge", "ann", world.now).unwrap();
    world.run(10);
    assert_eq!(kinds(&world.deliver()), [Firing], "what the file says of it is so again");
    // Deleted while nothing ran.
    world.replace("[[rule]]\nname = \"other\"\nkind = \"heartbeat\"\nenabled = false").run(10);
    assert_eq!(kinds(&world.deliver()), [Resolved]);
}

#[test]
fn what_somebody_closes_is_over_and_does_not_come_back_by_itself() {
    let mut world = World::new(BASE);
    world.set("shop", 20.0).run(10);
    world.deliver();
    let id = only(&world);
    world.alerts.people().resolve(&id, "ann", "known", world.now).unwrap();
    assert_eq!(world.alerts.alert(&id).unwrap().unwrap().closing_by.as_deref(), Some("ann"));
    world.run(10);
    let sent = world.deliver();
    assert_eq!((kinds(&sent), sent[0].notice.reason.as_deref()), (vec![Resolved], Some("somebody has closed it")));
    world.restart().run(600);
    assert_eq!((firing(&world).len(), world.sent().len()), (0, 0), "it is still too much, and that is known");
    world.set("shop", 1.0).run(10).set("shop", 20.0).run(10);
    assert_eq!(kinds(&world.deliver()), [Firing]);
}

#[test]
fn a_rule_has_a_limit_of_alerts_and_what_is_beyond_is_counted() {
    let mut world = World::new("threshold = 10\nlimit = 3");
    (0..10).for_each(|one| _ = world.set(&format!("s{one}"), 20.0));
    world.run(30);
    assert_eq!(firing(&world).len(), 3);
    assert_eq!(world.sent().len(), 3);
    let health = world.health();
    assert_eq!((health.seen, health.beyond), (10, 7));
    assert!(health.problem.unwrap().contains("7 more alerts than its limit of 3"));
}

#[test]
fn a_receiver_that_is_not_there_is_said_of_the_rule_and_the_others_are_told() {
    let mut world = World::new("threshold = 10\nreceivers = [\"pager\", \"log\"]");
    world.set("shop", 20.0).run(10);
    assert_eq!(world.deliver()[0].receiver, "log");
    assert!(world.health().problem.unwrap().contains("no receiver \"pager\""));
}

#[test]
fn alerts_of_a_group_are_told_as_one() {
    let mut world = World::new("threshold = 10\ngroup_by = [\"service\"]\nlabels = { team = \"core\" }");
    world.set("a", 20.0).run(10);
    let row = world.deliver().remove(0);
    assert_eq!(row.group.iter().map(|(a, b)| format!("{a}={b}")).collect::<Vec<_>>(), ["rule=gauge", "service=a"]);
    assert_eq!(row.notice.labels["team"], "core");
}

#[test]
fn the_history_says_what_was_measured_and_who_did_what() {
    let mut world = World::new(BASE);
    world.set("shop", 20.0).run(10);
    let id = only(&world);
    let people = world.alerts.people();
    people.assign(&id, "ann", Some("bob"), world.now).unwrap();
    people.comment(&id, "bob", "it is the cache", world.now).unwrap();
    people.resolve(&id, "bob", "", world.now).unwrap();
    world.run(10);
    let events = world.alerts.history(Some(&id), None, 10).unwrap();
    let told: Vec<String> = events
        .iter()
        .rev()
        .map(|event| match &event.what {
            Happened::Transition(change) => format!("{:?} {:?} {:?}", change.to, change.why, change.by),
            Happened::Assigned { by, to } => format!("{by} assigns to {to:?}"),
            Happened::Commented { by, note } => format!("{by}: {note}"),
            Happened::Closed { by, .. } => format!("{by} closes"),
            other => format!("{other:?}"),
        })
        .collect();
    let expected = [
        "Pending Breach None",
        "Firing Breach None",
        "ann assigns to Some(\"bob\")",
        "bob: it is the cache",
        "bob closes",
        "Resolved Closed Some(\"bob\")",
    ];
    assert_eq!(told, expected);
    let Happened::Transition(fired) = &events[4].what else { panic!("{events:?}") };
    assert_eq!((fired.value, fired.threshold, fired.why), (Some(20.0), Some(10.0), Why::Breach));
    assert_eq!((fired.until - fired.since, fired.question.as_str()), (60 * S, "metric > 10 over 1m"));
}

/// What is decided is written with the change of state, or neither: wherever the process ends, nothing is lost and nothing comes twice.
#[test]
fn whenever_writing_fails_nothing_is_lost_and_nothing_comes_twice() {
    for failing in 0..40 {
        let mut world = World::new("threshold = 10\nfor = \"20s\"\nkeep_firing_for = \"20s\"\nrepeat = \"0\"");
        let mut sent = Vec::new();
        for round in 0..24 {
            world.set("shop", if (4..14).contains(&round) { 20.0 } else { 1.0 });
            world.fail_write_number(failing);
            world.now += 10 * S;
            if world.alerts.evaluate(world.now).is_err() {
                // As if the process had been killed.
                world.restart();
            }
            sent.extend(world.deliver());
        }
        assert_eq!(kinds(&sent), [Firing, Resolved], "{failing}");
        assert_eq!(sent[0].notice.episode, sent[1].notice.episode);
    }
}

/// Rules are written together; where somebody else has written of one, the others are all the same.
#[test]
fn a_rule_of_which_somebody_else_has_written_harms_no_other() {
    let second = GAUGE.replace("\"gauge\"", "\"other\"");
    let mut world = World::with(&format!("{GAUGE}threshold = 10\n{second}threshold = 10\n"));
    world.set("shop", 1.0).run(10).set("shop", 20.0);
    world.now += 10 * S;
    world.another().evaluate(world.now).unwrap();
    let rows = world.keys();
    assert_eq!(rows.len(), 2);
    world.take_row(&rows[0]);
    assert!(world.alerts.evaluate(world.now).is_err(), "one is there already");
    assert_eq!(world.keys(), rows, "and the one that was not is written");
}

#[test]
fn two_who_evaluate_the_same_do_not_tell_twice() {
    let mut world = World::new(BASE);
    world.set("shop", 20.0);
    world.now += 10 * S;
    let other = world.another();
    world.alerts.evaluate(world.now).unwrap();
    _ = other.evaluate(world.now);
    assert_eq!(world.sent().len(), 1);
}

#[test]
fn what_people_say_of_a_rule_adds_up_and_can_be_taken_back() {
    let mut world = World::new("threshold = 10\ncooldown = \"5m\"");
    let mut put = |rule: serde_json::Value| {
        world.put_rule(&rule);
        let rules = world.restart().alerts.all_rules().unwrap();
        let mine = rules.get(rule["name"].as_str().unwrap()).unwrap();
        (mine.kind(), mine.threshold(), mine.severity())
    };
    assert_eq!(put(serde_json::json!({ "name": "gauge", "threshold": 12 })), ("metric", Some(12.0), Severity::Warning));
    let worse = serde_json::json!({ "name": "gauge", "severity": "critical" });
    assert_eq!(put(worse), ("metric", Some(12.0), Severity::Critical));
    let back = serde_json::json!({ "name": "gauge", "severity": null });
    assert_eq!(put(back), ("metric", Some(12.0), Severity::Warning));
    let new = serde_json::json!({ "name": "mine", "kind": "logs", "threshold": 1 });
    assert_eq!(put(new), ("logs", Some(1.0), Severity::Warning));
    assert_eq!(put(serde_json::json!({ "name": "mine", "threshold": 3 })), ("logs", Some(3.0), Severity::Warning));
    let other = serde_json::json!({ "name": "mine", "kind": "heartbeat" });
    assert_eq!(put(other), ("heartbeat", None, Severity::Warning));
}

#[test]
fn bad_wishes_of_people_are_refused() {
    let mut world = World::new(BASE);
    world.set("shop", 20.0).run(10);
    let (people, now, id) = (world.alerts.people(), world.now, only(&world));
    let nobody = AlertId { rule: "gauge".into(), fingerprint: "0".into() };
    assert!(people.acknowledge(&nobody, "ann", "", None, now).unwrap_err().to_string().contains("there is no alert"));
    assert!(people.acknowledge(&id, " ", "", None, now).unwrap_err().to_string().contains("who"));
    assert!(people.comment(&id, "ann", "", now).unwrap_err().is_of_asker());
    assert!(people.silence(Vec::<Matcher>::new(), "ann", "", now + S, now).is_err());
    assert!(people.silence(vec!["a=b".parse().unwrap()], "ann", "", now, now).is_err());
    assert!(people.unsilence("x", "ann", now).unwrap_err().to_string().contains("no silence"));
    assert!(people.delete_rule("gauge", "ann", now).unwrap_err().to_string().contains("nobody has made"));
    let rules = world.alerts.all_rules().unwrap();
    let bad = serde_json::json!({ "name": "gauge", "for": "soon" });
    assert_eq!(people.put_rule(&rules, &bad, "ann", now).unwrap_err().rule_error().unwrap().field(), "for");
}
