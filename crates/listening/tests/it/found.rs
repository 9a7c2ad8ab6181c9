//! Ratings that came without a plan are judged as those with one, and every bad row is named.

use mynah_listening::{
    Analysis, Conclusion, Defined, First, FoundRating, FoundStudy, Origin, Paradigm, Rating, Verdict, judge,
    judge_found,
};

use crate::support::{advised, cmos, mos, plan_with_anchor, ratings};

fn study(paradigm: Paradigm) -> FoundStudy {
    FoundStudy {
        name: "votes".to_owned(),
        paradigm,
        reference: Some("recordings".to_owned()),
        human_reference: true,
        anchors: vec!["noisy".to_owned()],
        analysis: Analysis::default(),
        repeats: false,
        score_sign: None,
    }
}

fn found(ratings: &[Rating]) -> Vec<FoundRating> {
    let found = |rating: &Rating| FoundRating {
        rater: rating.rater.clone(),
        item: rating.item.clone(),
        system: rating.system.clone(),
        score: rating.score,
        first: rating.first,
        origin: rating.origin,
        source_file: rating.source_file.clone(),
        source_row: rating.source_row,
    };
    ratings.iter().map(found).collect()
}

/// A few rows of a comparison, in which nothing is wrong.
fn few(scores: &[f64]) -> Vec<FoundRating> {
    let row = |(index, score): (usize, &f64)| FoundRating {
        rater: format!("rater {}", index / 2),
        item: format!("clip {}", index % 2),
        system: "vits".to_owned(),
        score: *score,
        first: None,
        origin: Origin::Human,
        source_file: "votes.csv".to_owned(),
        source_row: index as u64 + 1,
    };
    scores.iter().enumerate().map(row).collect()
}

fn without_anchor() -> FoundStudy {
    FoundStudy { anchors: vec![], ..study(Paradigm::Cmos) }
}

#[test]
fn ratings_without_a_plan_give_the_same_numbers_and_other_words() {
    for (paradigm, protocol) in [(Paradigm::Cmos, cmos(24, 24, 2)), (Paradigm::Mos, mos(24, 24))] {
        let plan = plan_with_anchor(protocol, 1, 50);
        let rows = ratings(&plan, |rater, item, system, _| match (paradigm, system) {
            (Paradigm::Cmos, "noisy") => -2.0 + f64::from((rater + item) as u32 % 2),
            (Paradigm::Cmos, _) => [-1.0, 0.0, 1.0, 0.0][(rater + 3 * item) % 4],
            (Paradigm::Mos, "noisy") => [1.0, 2.0, 3.0][(rater + item) % 3],
            _ => [4.0, 5.0, 4.0][(rater * item) % 3],
        });
        let with_plan = judge(&plan, &rows).expect("fine");
        let without = judge_found(&study(paradigm), &found(&rows)).expect("fine");
        assert_eq!(without.design, None);
        assert_eq!(without.null_pairs, with_plan.null_pairs);
        assert_eq!(without.agreement, with_plan.agreement);
        assert_eq!(without.assay, with_plan.assay);
        let no_words = |verdict: &Verdict| {
            let mut systems = verdict.systems.clone();
            for system in &mut systems {
                system.words.clear();
                system.human_level = false;
            }
            systems
        };
        assert!(no_words(&without) == no_words(&with_plan), "the same numbers");
        assert!(without.notes[0].starts_with("These ratings came without a plan."), "{:?}", without.notes);
        if paradigm == Paradigm::Cmos {
            assert!(with_plan.systems[0].words.contains("human-level"), "{}", with_plan.systems[0].words);
            let words = &without.systems[0].words;
            let reason = "There is no plan that shows what was declared before the test, so no more than this is claimed.";
            assert!(words.ends_with(reason), "{words}");
        }
    }
}

#[test]
fn rejects_ratings_by_row_or_name() {
    let check = |study: &FoundStudy, rows: &[FoundRating], expected: &str| {
        let error = advised(&judge_found(study, rows).expect_err(expected));
        assert!(error.contains(expected), "{error}");
    };
    let good = few(&[0.0, 1.0, -1.0, 0.0]);
    judge_found(&without_anchor(), &good).expect("nothing is wrong yet");
    check(&without_anchor(), &[], "there are no ratings");
    check(&study(Paradigm::Cmos), &good, "`noisy` cannot be an anchor; judged were `vits`");
    check(&FoundStudy { reference: None, ..without_anchor() }, &good, "a comparison needs the name");
    let mos = FoundStudy { paradigm: Paradigm::Mos, ..without_anchor() };
    check(&mos, &few(&[1.0, 2.0]), "nobody judged the reference `recordings`; judged were `vits`");
    check(&FoundStudy { reference: None, ..study(Paradigm::Mos) }, &few(&[1.0]), "name that too");
    let only_reference = FoundStudy { reference: Some("vits".to_owned()), ..mos };
    check(&only_reference, &few(&[1.0, 2.0]), "no system is under test; judged were `vits`");
    for score in [2.7, -4.0, f64::NAN, f64::INFINITY] {
        let rows = few(&[0.0, score]);
        check(&without_anchor(), &rows, "`votes.csv`, row 2: score ");
        check(&without_anchor(), &rows, "the whole and half numbers from -3 to 3");
    }
    let mut nameless = good.clone();
    nameless[3].rater = " ".to_owned();
    check(&without_anchor(), &nameless, "`votes.csv`, row 4: it has no rater");
    let twice = [good.clone(), vec![FoundRating { source_row: 9, ..good[1].clone() }]].concat();
    check(
        &without_anchor(),
        &twice,
        "row 9: rater `rater 0` judged item `clip 1` of `vits` already in row 2",
    );
    let verdict =
        judge_found(&FoundStudy { repeats: true, ..without_anchor() }, &twice).expect("it is allowed");
    assert_eq!(verdict.systems[0].n_ratings, 5);
    let mut margin = without_anchor();
    margin.analysis.margin = -1.0;
    check(&margin, &good, "analysis.margin");
}

#[test]
fn undefined_intervals_have_a_reason() {
    let reason = |rows: &[FoundRating]| {
        let verdict = judge_found(&without_anchor(), rows).expect("it can be judged");
        let system = &verdict.systems[0];
        assert_eq!(system.conclusion, Some(mynah_listening::Conclusion::Inconclusive));
        match &system.interval {
            Defined::Undefined { reason } => reason.clone(),
            Defined::Ok { value } => panic!("{value:?}"),
        }
    };
    assert_eq!(reason(&few(&[0.0, 0.0, 0.0, 0.0])), "all 4 scores are 0");
    assert_eq!(reason(&few(&[2.0, 2.0, 2.0, 2.0])), "all 4 scores are 2");
    // One rater, and one sentence.
    assert!(reason(&few(&[0.0, 1.0])).contains("rater"), "{}", reason(&few(&[0.0, 1.0])));
    let one_item: Vec<FoundRating> = few(&[0.0, 9.0, 1.0, 9.0]).into_iter().step_by(2).collect();
    assert!(reason(&one_item).contains("item"), "{}", reason(&one_item));
    assert!(reason(&few(&[1.0])).contains("all 1 scores") || reason(&few(&[1.0])).contains("rater"));
}

#[test]
fn the_order_effect_requires_known_orders() {
    let mut rows = few(&[0.0, 1.0, -1.0, 1.0, 0.0, 2.0]);
    let unknown = judge_found(&without_anchor(), &rows).expect("fine");
    assert!(unknown.systems[0].order_effect.value().is_none());
    for (index, row) in rows.iter_mut().enumerate() {
        row.first = Some(if index % 2 == 0 { First::Reference } else { First::System });
    }
    rows[2].first = Some(First::System);
    let known = judge_found(&without_anchor(), &rows).expect("fine");
    let effect = known.systems[0].order_effect.value().expect("both orders occur").estimate;
    assert!((effect - (0.0 - 3.0 / 4.0)).abs() < 1e-12, "{effect}");
}

#[test]
fn quitters_do_not_count_as_full_raters() {
    // No true difference: fixtures/listening/quitters.csv.
    let rows = include_str!("../../../../fixtures/listening/quitters.csv");
    let ratings: Vec<FoundRating> = rows
        .lines()
        .skip(1)
        .zip(2..)
        .map(|(line, row)| {
            let cells: Vec<&str> = line.split(',').collect();
            FoundRating {
                rater: cells[0].into(),
                item: cells[1].into(),
                system: cells[2].into(),
                score: cells[3].parse().expect("a number"),
                first: None,
                origin: Origin::Human,
                source_file: "quitters.csv".into(),
                source_row: row,
            }
        })
        .collect();
    let verdict = judge_found(&without_anchor(), &ratings).expect("fine");
    let system = &verdict.systems[0];
    assert_eq!((system.n_raters, system.n_items, system.n_ratings), (23, 100, 400));
    // 400² / (3 · 100² + 20 · 5²).
    let effective = *system.effective_raters.value().expect("a number");
    assert!((effective - 400.0_f64.powi(2) / 30_500.0).abs() < 1e-9, "{effective}");
    assert!(*system.effective_items.value().expect("a number") > 90.0);
    // Between the two that three people have and the 22 that heads would give.
    let degrees = *system.degrees_of_freedom.value().expect("a number");
    assert!((1.9..12.0).contains(&degrees), "{degrees}");
    assert!(system.difference.value().expect("an interval").contains(0.0));
    assert!(!matches!(system.conclusion, Some(Conclusion::Better | Conclusion::Worse)), "{}", system.words);
    assert!(system.words.contains("The 23 people weigh as 5.2 who all judged as much."), "{}", system.words);
}
