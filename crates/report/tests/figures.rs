//! Property tests of figures: any data are drawn without a panic, in a bounded size, deterministically.

use mynah_report::figure::{
    Bar, Bars, Forest, ForestRow, Histogram, Line, Lines, Mel, Panel, PanelPoint, Panels, Scatter,
    ScatterSeries, StackRow, Stacks, Waterfall, Waterfalls,
};
use proptest::prelude::*;

/// Size limit of a figure of a few values; most bytes are the style sheet and the axes.
const MOST_BYTES: usize = 60_000;

/// Generates numbers of any size, and sets of them close together far from zero.
fn values() -> impl Strategy<Value = Vec<f64>> {
    let any_size = prop_oneof![
        4 => -1e3..1e3,
        1 => any::<f64>().prop_filter("finite", |value| value.is_finite()),
        1 => Just(0.0),
        1 => Just(f64::MAX),
        1 => Just(f64::MIN_POSITIVE),
    ];
    let far_away = (-1e12..1e12, proptest::collection::vec(0.0..1e-3, 1..20))
        .prop_map(|(offset, values)| values.into_iter().map(|value| offset + value).collect());
    prop_oneof![proptest::collection::vec(any_size, 0..30), far_away]
}

/// Asserts that a figure is an SVG of bounded size without a NaN or infinity.
fn check(svg: Result<String, mynah_report::Error>) -> Result<(), TestCaseError> {
    let svg = svg.map_err(|error| TestCaseError::fail(error.to_string()))?;
    prop_assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"), "{}", svg);
    prop_assert!(svg.len() < MOST_BYTES, "{} bytes", svg.len());
    for word in ["NaN", "inf", "-2147483648", "2147483647"] {
        prop_assert!(!svg.contains(word), "{} in {}", word, svg);
    }
    Ok(())
}

fn text(of: &str) -> String {
    of.to_owned()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn histograms(values in values()) {
        let figure = Histogram { title: text("t"), x_label: text("x"), y_label: text("n"), values };
        check(figure.to_svg())?;
        prop_assert_eq!(figure.to_svg().unwrap(), figure.to_svg().unwrap());
    }

    #[test]
    fn lines_and_scatters(x in values(), y in values()) {
        let points: Vec<(f64, f64)> = x.into_iter().zip(y).collect();
        let lines = vec![Line { label: text("a"), points: points.clone() }];
        check(Lines { title: text("t"), x_label: text("x"), y_label: text("y"), lines }.to_svg())?;
        let series = vec![ScatterSeries { label: text("a"), points }];
        check(
            Scatter { title: text("t"), x_label: text("x"), y_label: text("y"), series, diagonal: true }.to_svg(),
        )?;
    }

    #[test]
    fn bars(values in values(), label in "\\PC{0,12}") {
        let bars = values.into_iter().map(|value| Bar { label: label.clone(), value: value.abs() }).collect();
        check(Bars { title: text("t"), y_label: text("n"), bars }.to_svg())?;
    }

    #[test]
    fn forests_and_panels(values in values(), label in "\\PC{0,40}", step in proptest::option::of(any::<u64>())) {
        let ends = |value: f64| (value - value.abs() * 0.25, value + (value.abs() * 0.25).min(f64::MAX - value.abs()));
        let row = |&value: &f64| {
            let (low, high) = ends(value);
            ForestRow { label: label.clone(), estimate: value, low: low.max(f64::MIN), high, inner: None }
        };
        let rows: Vec<ForestRow> = values.iter().map(row).collect();
        let forest = Forest {
            title: text("t"),
            x_label: text("x"),
            rows: rows.clone(),
            margin: Some(0.2),
            zero_line: true,
            decimals: 2,
        };
        check(forest.to_svg())?;
        let points = rows
            .into_iter()
            .enumerate()
            .map(|(index, row)| PanelPoint {
                label: row.label,
                step: step.map(|step| step.saturating_sub(index as u64)),
                run: label.chars().take(index % 3).collect(),
                estimate: row.estimate,
                interval: Some((row.low, row.high)),
            })
            .collect();
        let panels = vec![Panel { title: text("p"), label: text("l"), points }];
        for zero_line in [false, true] {
            check(Panels { title: text("t"), panels: panels.clone(), zero_line }.to_svg())?;
        }
    }

    #[test]
    fn waterfalls(values in values(), title in "\\PC{0,40}") {
        let mean = values.first().copied();
        let panel = Waterfall {
            title,
            label: text("l"),
            words: ["worse", "better", "equal"].map(str::to_owned),
            above_is_good: false,
            values,
            interval: mean.map(|mean| (mean, mean, mean)),
        };
        check(Waterfalls { title: text("t"), panels: vec![panel.clone(), panel], one_scale: true }.to_svg())?;
    }

    #[test]
    fn stacks(counts in proptest::collection::vec(any::<u64>(), 0..30), label in "\\PC{0,40}") {
        let rows = counts.chunks_exact(2).map(|counts| StackRow { label: label.clone(), counts: counts.to_vec() });
        let kinds = vec![text("failed"), text("undefined")];
        check(Stacks { title: text("t"), x_label: text("x"), kinds, rows: rows.collect() }.to_svg())?;
    }

    #[test]
    fn spectrograms(values in proptest::collection::vec(any::<f32>().prop_filter("finite", |v| v.is_finite()), 0..200)) {
        let n_bands = 5;
        let values = values[..values.len() / n_bands * n_bands].to_vec();
        check(Mel { title: text("t"), values, n_bands, hop_seconds: 0.01, labels: Vec::new() }.to_svg())?;
    }
}
