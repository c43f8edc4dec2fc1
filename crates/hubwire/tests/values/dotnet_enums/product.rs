//! A class with a member of each kind, as .NET writes and reads it.

use std::collections::BTreeMap;

use hubwire::Naming;
use hubwire::dotnet::{DateOnly, DateTimeOffset, Decimal, Flags, Open, TimeOnly, TimeSpan};
use serde::{Deserialize, Serialize};

use super::recorded::{check_written, received, rows};
use super::{Access, Gender, Mood};

#[derive(Debug, Deserialize, PartialEq, Serialize)]
struct Product {
    #[serde(default)]
    id: i32,
    #[serde(default)]
    price: Decimal,
    added: DateTimeOffset,
    lasts: TimeSpan,
    day: DateOnly,
    at: TimeOnly,
    state: Gender,
    rights: Flags<Access>,
    tags: Vec<Option<String>>,
    stock: BTreeMap<Mood, i32>,
    #[serde(rename = "URL")]
    url: String,
    initial: char,
}

#[test]
fn a_class_is_written_as_dotnet_writes_it() {
    let product = Product {
        id: 7,
        price: "9.90".parse().unwrap(),
        added: "2020-01-02T03:04:05+02:00".parse().unwrap(),
        lasts: "01:30:00".parse().unwrap(),
        day: "2020-01-02".parse().unwrap(),
        at: "03:04:00".parse().unwrap(),
        state: Gender::Female,
        rights: Flags::from(Access::Read) | Access::Write,
        tags: vec![Some("x".to_owned()), None],
        stock: BTreeMap::from([(Mood::Happy, 3)]),
        url: "http://a.example/".to_owned(),
        initial: 'q',
    };
    for row in rows("writes", "class Product") {
        check_written(Naming::DotNet, &row, &product);
    }
}

/// What the recording says of a product: its other members may be absent.
#[derive(Debug, Deserialize)]
struct Excerpt {
    #[serde(default)]
    id: i32,
    #[serde(default)]
    price: Decimal,
    #[serde(default = "nothing")]
    state: Open<Gender>,
}

fn nothing() -> Open<Gender> {
    Open::from_number(0)
}

#[test]
fn a_class_is_read_as_dotnet_reads_it() {
    let differing: Vec<_> = rows("reads", "class Product")
        .into_iter()
        .filter_map(|row| {
            let read = received::<Excerpt>(Naming::DotNet, &row).map(|product| {
                let state = product.state.number();
                format!("Product {} {} {state}", product.id, product.price)
            });
            let recorded = row["value"]
                .as_str()
                .filter(|value| !value.starts_with('!'));
            (read.as_deref() != recorded).then(|| {
                let form = row.get("json").unwrap_or_else(|| &row["messagepack"]);
                form.as_str().unwrap().to_owned()
            })
        })
        .collect();
    // Text for a decimal, which Newtonsoft reads, too; a member twice, which is an error here; and an array for a
    // class, which serde reads in the order of its members.
    let known = [r#"{"price":"1.5"}"#, r#"{"Id":1,"id":2}"#, "9107"];
    assert_eq!(differing, known);
}
