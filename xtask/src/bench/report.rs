//! The report: medians, ratios, bars and spread.

use std::fmt::Write;

use anyhow::Result;

use super::Measured;
use super::scenario::Bar;

/// Renders the whole of `bench/RESULTS.md`.
pub(crate) fn render(
    measured: &[Measured],
    rounds: usize,
    seconds: f64,
    machine: &str,
) -> Result<String> {
    let mut text = format!(
        "# Results\n\n\
         Written by `cargo xtask bench --rounds {rounds} --seconds {seconds}`; do not edit. Machine: {machine}.\n\n\
         Medians of {rounds} rounds of {seconds} s. The server runs on one core and the load generator on \
         another; every row alternates with what stands beside it: the floor (`bench/floor`, an epoll loop \
         with no hub), or, for the last rows, the same server: with few groups, or with one worker. \
         Payloads have 100 bytes. \
         The fan-outs are closed loops: a publisher sends again when its call is completed, so a server that \
         gathers many messages in one write does more with each second than the floor, which writes each \
         broadcast by itself; they do not say that anything is faster than epoll. The paced row says what \
         one broadcast costs. With two workers the server runs on both cores and shares the second with the \
         load generator, so those rows compare what a second of CPU does, not what a second of the clock \
         does.\n\n\
         | what | Hubwire | beside it | unit | ratio | spread | bar | goal | |\n\
         | --- | ---: | ---: | --- | ---: | --- | --- | ---: | --- |\n"
    );
    for row in measured {
        write_row(&mut text, row)?;
    }
    text.push_str(
        "\n\"Spread\" is the least and the greatest ratio of a round. Throughput and memory of the server:\n\n\
         | what | a second | p50 ms | p99 ms | peak MiB |\n| --- | ---: | ---: | ---: | ---: |\n",
    );
    for row in measured {
        let of = |figure: fn(&super::measure::Sample) -> f64| {
            median(row.samples.iter().map(figure).collect())
        };
        writeln!(
            text,
            "| {} | {:.0} | {:.2} | {:.2} | {:.0} |",
            row.scenario.name,
            of(|sample| sample.per_s),
            of(|sample| sample.p50_ms),
            of(|sample| sample.p99_ms),
            of(|sample| sample.peak_mib),
        )?;
    }
    Ok(text)
}

fn write_row(text: &mut String, row: &Measured) -> Result<()> {
    let scenario = row.scenario;
    let beside = |round: usize| row.beside.get(round).copied().unwrap_or(f64::NAN);
    let rounds = row.server.iter().enumerate();
    let mut ratios: Vec<f64> = rounds
        .map(|(round, server)| scenario.ratio(*server, beside(round)))
        .collect();
    ratios.sort_by(f64::total_cmp);
    let ratio = median(ratios.clone());
    let (least, greatest) = (ratios.first(), ratios.last());
    let bar = match scenario.bar {
        Bar::AtLeast(bar) => format!("at least {bar}"),
        Bar::AtMost(bar) | Bar::Absolute(bar) => format!("at most {bar}"),
    };
    let beside = match scenario.beside {
        Some(_) => format!("{:.1}", median(row.beside.clone())),
        None => String::from("-"),
    };
    writeln!(
        text,
        "| {} | {:.1} | {beside} | {} | {ratio:.2} | {:.2} to {:.2} | {bar} | {} | {} |",
        scenario.name,
        median(row.server.clone()),
        scenario.unit,
        least.copied().unwrap_or(f64::NAN),
        greatest.copied().unwrap_or(f64::NAN),
        scenario.goal,
        if scenario.is_met(ratio) {
            "met"
        } else {
            "**missed**"
        },
    )?;
    Ok(())
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    let middle = figures.len() / 2;
    match figures.len() {
        0 => f64::NAN,
        odd if odd % 2 == 1 => figures[middle],
        _ => f64::midpoint(figures[middle - 1], figures[middle]),
    }
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn the_median_lies_in_the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
        assert!(median(Vec::new()).is_nan());
    }
}
