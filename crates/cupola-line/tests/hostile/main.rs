//! Whatever is written, the line is one valid JSON object on one line, with each name once.

mod support;

use cupola_line::{
    EncodedEnvelope, EncodedFields, EncodedKey, Envelope, FieldValue, Key, LineBuffer, LineWriter, MAX_LINE_BYTES,
    MAX_VALUE_BYTES, Scratch, Timestamp, keys, scan,
};
use support::{Object, line, written};

#[test]
fn every_character_as_key_and_value() {
    for character in (0..0x1_0000).filter_map(char::from_u32) {
        let text = character.to_string();
        let object = line(|line| {
            line.message(&text);
            line.str(Key::new(&text), &text);
            line.str(EncodedKey::new(&format!("<{text}>")).key(), &format!("a{text}b"));
        });
        assert_eq!(object.text("message"), text);
        assert_eq!(object.text(&text), text);
        assert_eq!(object.text(&format!("<{text}>")), format!("a{text}b"));
    }
}

/// All characters in one value, and each as a name of one line.
#[test]
fn every_character_in_one_line() {
    let all: Vec<String> = (0..0x1_0000).filter_map(char::from_u32).map(String::from).collect();
    for part in all.chunks(2_000) {
        let object = line(|line| {
            line.str(Key::new("all"), &part.concat());
            for character in part {
                line.bool(Key::new(character), true);
            }
        });
        assert_eq!(object.text("all"), part.concat());
        assert_eq!(object.0.len(), 5 + 1 + part.len());
    }
}

#[test]
fn reserved_names_are_kept_apart() {
    let object = line(|line| {
        line.message("mine");
        for name in keys::ENVELOPE.into_iter().chain([keys::SYSTEM, keys::DROPPED_FIELDS]) {
            line.str(Key::new(name), "user's");
            line.str(EncodedKey::new(name).key(), "again");
        }
        line.message("second message loses against the field");
        line.system(b"{\"cpu\":1}");
        line.system(b"{\"cpu\":2}");
    });
    for name in keys::ENVELOPE.into_iter().chain([keys::SYSTEM, keys::DROPPED_FIELDS]) {
        assert_eq!(object.text(&format!("fields.{name}")), "user's");
    }
    assert_eq!((object.text("message"), object.text("level")), ("mine", "INFO"));
    assert_eq!(object.get("system")["cpu"], 1);
}

#[test]
fn first_writer_wins() {
    let mut span = EncodedFields::new();
    span.set(Key::new("vm_id"), FieldValue::Str("span's"));
    span.set(Key::new("depth"), FieldValue::U64(1));
    let object = line(|line| {
        line.message("m");
        line.str(Key::new("vm_id"), "event's");
        line.fields(&span);
        line.fields(&span);
        line.u64(Key::new("depth"), 2);
    });
    assert_eq!((object.text("vm_id"), object.get("depth").as_u64()), ("event's", Some(1)));
}

/// The envelope, the message and the fields come in one order, whenever the message comes.
#[test]
fn order_does_not_hang_on_the_message() {
    let write = |at: usize| {
        written(|line| {
            for (number, key) in ["a", "b", "c", "d"].into_iter().enumerate() {
                if number == at {
                    line.message_fmt(format_args!("the {} message", "formatted"));
                }
                line.u64(Key::new(key), number as u64);
            }
            if at == 4 {
                line.message("the formatted message");
            }
        })
        .0
    };
    let expected = write(0);
    assert!(expected.contains(r#","message":"the formatted message","a":0,"b":1,"c":2,"d":3}"#), "{expected}");
    for at in 1..=4 {
        assert_eq!(write(at), expected);
    }
    let names: Vec<_> = scan(expected.as_bytes()).map(|member| member.unwrap().0.unescape().into_owned()).collect();
    assert_eq!(names[..5], keys::ENVELOPE);
}

#[test]
fn a_line_always_has_a_message() {
    let object = line(|line| line.u64(Key::new("n"), 1));
    assert_eq!((object.text("message"), object.get("n").as_u64()), ("", Some(1)));
    assert_eq!(line(|_| {}).0.len(), 5);
}

#[test]
fn huge_values_are_cut() {
    let huge = "\u{1}é\"".repeat(300_000);
    let (text, done) = written(|line| {
        line.message(&huge);
        line.str(Key::new("text"), &huge);
        line.debug(Key::new("debug"), &huge);
        line.bytes(Key::new("bytes"), huge.as_bytes());
        line.str(Key::new("after"), "still here");
    });
    let object = Object::parse(&text);
    assert!(object.text("message").ends_with(" bytes]") && object.text("text").len() < MAX_VALUE_BYTES + 40);
    assert_eq!(object.text("after"), "still here");
    assert!(text.len() <= MAX_LINE_BYTES && done.bytes == text.len());
    assert_eq!((done.cut_values, done.dropped_fields), (4, 0));
}

#[test]
fn the_largest_message_finds_room_behind_the_most_fields() {
    let (worst, huge) = ("\u{2028}".repeat(MAX_VALUE_BYTES), "\u{1}".repeat(MAX_VALUE_BYTES));
    let envelope = Envelope { level: &huge, target: &huge, category: &huge };
    for late in [false, true] {
        let (mut buf, mut scratch, mut time) = (LineBuffer::new(), Scratch::new(), Timestamp::new());
        let mut line = LineWriter::begin(&mut buf, &mut scratch, time.unix_micros(0), &envelope);
        if !late {
            line.message(&huge);
        }
        for number in 0..20_000 {
            line.str(Key::new(&format!("field_{number}")), if number % 3 == 0 { &worst } else { "small" });
        }
        if late {
            line.message(&huge);
        }
        let done = line.end();
        let object = Object::parse(std::str::from_utf8(&buf).unwrap());
        assert!(buf.len() <= MAX_LINE_BYTES, "{}", buf.len());
        assert!(object.text("message") == huge && object.text("level").ends_with("bytes]"));
        assert_eq!(object.get("dropped_fields").as_u64(), Some(u64::from(done.dropped_fields)));
        assert_eq!(object.0.len() as u32, 5 + 20_000 - done.dropped_fields + 1);
    }
}

#[test]
fn ten_thousand_fields() {
    let (text, done) = written(|line| {
        line.message("m");
        for number in 0..10_000_u64 {
            line.u64(Key::new(&format!("field_{number}")), number);
            line.u64(Key::new(&format!("field_{}", number / 2)), 0);
        }
    });
    let object = Object::parse(&text);
    assert_eq!((object.0.len(), done.dropped_fields), (5 + 10_000, 0));
    assert!((0..10_000).all(|number| object.get(&format!("field_{number}")).as_u64() == Some(number)));
}

#[test]
fn ids_still_fit_beside_giants() {
    let giant = "x".repeat(MAX_VALUE_BYTES);
    let object = line(|line| {
        line.message("m");
        for number in 0..100 {
            line.str(Key::new(&format!("giant_{number}")), &giant);
        }
        line.str(Key::new(keys::REQUEST_ID), "r-1");
    });
    assert_eq!(object.text("request_id"), "r-1");
    assert!(object.get("dropped_fields").as_u64() > Some(80));
}

#[test]
fn a_field_that_was_left_out_may_come_again_smaller() {
    let giant = "x".repeat(MAX_VALUE_BYTES);
    let object = line(|line| {
        line.message("m");
        for number in 0..20 {
            line.str(Key::new(&format!("giant_{number}")), &giant);
        }
        line.str(Key::new("giant_19"), "small");
    });
    assert_eq!(object.text("giant_19"), "small");
}

#[test]
fn numbers_keep_their_value() {
    let object = line(|line| {
        line.u64(Key::new("u64"), u64::MAX);
        line.i64(Key::new("i64"), i64::MIN);
        line.u128(Key::new("u128"), u128::MAX);
        line.i128(Key::new("i128"), -1);
        line.f64(Key::new("f64"), 0.1);
        line.f64(Key::new("nan"), f64::NAN);
        line.f64(Key::new("inf"), f64::NEG_INFINITY);
        line.bool(Key::new("bool"), false);
    });
    assert_eq!(object.get("u64").as_u64(), Some(u64::MAX));
    assert_eq!(object.get("i64").as_i64(), Some(i64::MIN));
    assert_eq!(object.text("u128"), u128::MAX.to_string());
    assert_eq!(object.get("i128").as_i64(), Some(-1));
    assert_eq!(object.get("f64").as_f64(), Some(0.1));
    assert_eq!((object.text("nan"), object.text("inf")), ("NaN", "-Infinity"));
    assert_eq!(object.get("bool").as_bool(), Some(false));
}

#[test]
fn a_line_that_is_not_ended_is_taken_back() {
    let (mut buf, mut scratch, mut time) = (LineBuffer::new(), Scratch::new(), Timestamp::new());
    let envelope = EncodedEnvelope::new(&Envelope { level: "INFO", target: "t", category: "c" });
    let mut begin = |buf: &mut LineBuffer, ends: bool| {
        let mut line = LineWriter::begin_encoded(buf, &mut scratch, time.unix_micros(0), &envelope);
        line.str(Key::new("a"), if ends { "short" } else { "longer, and never seen" });
        if ends { line.end().bytes } else { 0 }
    };
    let first = begin(&mut buf, true);
    assert_eq!((begin(&mut buf, false), buf.len()), (0, first));
    let second = begin(&mut buf, true);
    assert_eq!(buf.len(), first + second);
    assert_eq!(buf[..first], buf[first..]);
}

/// Values of every length around the widths of words and blocks, with one special character at every place.
#[test]
fn lengths_and_places() {
    for length in 0..70 {
        for place in 0..=length {
            for special in ["", "\"", "\u{1}", "é", "\u{2028}", "\u{7f}"] {
                let text = format!("{}{special}{}", "a".repeat(place), "b".repeat(length - place));
                let object = line(|line| {
                    line.message(&text);
                    line.str(EncodedKey::new("short").key(), &text);
                    line.str(Key::new(&text), &text);
                });
                assert_eq!(
                    (object.text("message"), object.text("short"), object.text(&text)),
                    (&*text, &*text, &*text)
                );
            }
        }
    }
}
