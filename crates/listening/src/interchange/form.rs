//! The kinds of tables of other tools, and the headers by which they are recognized.

use crate::error::Error;
use crate::interchange::table::ForeignTable;
use crate::interchange::webmushra::{LIKERT, MUSHRA, OLD_MUSHRA, PAIRED_COMPARISON, tail_of};

/// A kind of table of another tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `lss.csv` and `lms.csv` of webMUSHRA: points of a Likert scale.
    WebmushraLikert,
    /// `mushra.csv` of webMUSHRA.
    WebmushraMushra,
    /// `paired_comparison.csv` of webMUSHRA.
    WebmushraPairedComparison,
    /// The answers of Mechanical Turk to the P.808 toolkit's absolute category rating.
    P808Acr,
    /// Its answers to degradation category rating.
    P808Dcr,
    /// Its answers to comparison category rating.
    P808Ccr,
    /// The votes that the P.808 toolkit lists, `…_all_votes_per_clip.csv`.
    P808Votes,
}

impl Form {
    /// All kinds.
    pub const ALL: [Self; 7] = [
        Self::WebmushraLikert,
        Self::WebmushraMushra,
        Self::WebmushraPairedComparison,
        Self::P808Acr,
        Self::P808Dcr,
        Self::P808Ccr,
        Self::P808Votes,
    ];

    /// Returns the name used on command lines.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::WebmushraLikert => "webmushra-likert",
            Self::WebmushraMushra => "webmushra-mushra",
            Self::WebmushraPairedComparison => "webmushra-paired-comparison",
            Self::P808Acr => "p808-acr",
            Self::P808Dcr => "p808-dcr",
            Self::P808Ccr => "p808-ccr",
            Self::P808Votes => "p808-votes",
        }
    }

    /// Returns the name used in sentences.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::WebmushraLikert => "webMUSHRA's lss.csv or lms.csv",
            Self::WebmushraMushra => "webMUSHRA's mushra.csv",
            Self::WebmushraPairedComparison => "webMUSHRA's paired_comparison.csv",
            Self::P808Acr => "ACR answers of the P.808 toolkit",
            Self::P808Dcr => "DCR answers of the P.808 toolkit",
            Self::P808Ccr => "CCR answers of the P.808 toolkit",
            Self::P808Votes => "the P.808 toolkit's list of votes",
        }
    }

    /// Returns `true` for results of webMUSHRA.
    #[must_use]
    pub fn is_webmushra(self) -> bool {
        matches!(self, Self::WebmushraLikert | Self::WebmushraMushra | Self::WebmushraPairedComparison)
    }

    /// Recognizes a table by its header; `None` if no tool is known to write it.
    ///
    /// # Errors
    ///
    /// [`Error::Found`] for tables that have one row for each clip or condition and not for each vote.
    pub fn of(table: &ForeignTable) -> Result<Option<Self>, Error> {
        let names = table.names();
        let has = |name: &str| names.iter().any(|column| column == name);
        if names.first().is_some_and(|name| name == "session_test_id") {
            let kinds = [
                (Self::WebmushraLikert, LIKERT),
                (Self::WebmushraMushra, MUSHRA),
                (Self::WebmushraMushra, OLD_MUSHRA),
                (Self::WebmushraPairedComparison, PAIRED_COMPARISON),
            ];
            let found = kinds.into_iter().find(|(_, columns)| tail_of(&names, columns).is_some());
            return Ok(found.map(|(form, _)| form));
        }
        if has("workerid") && has("assignmentid") && has("answer.q1_url") {
            let compares = has("input.q0_r") || has("input.q0_p");
            return Ok(Some(match () {
                () if has("answer.q1_order") => Self::P808Ccr,
                () if compares => Self::P808Dcr,
                () => Self::P808Acr,
            }));
        }
        if has("workerid") && has("file") && has("vote") && has("question_type") {
            return Ok(Some(Self::P808Votes));
        }
        let is_summary = (has("file_url") && has("short_file_name")) || has("condition_name");
        if is_summary && has("n") && names.iter().any(|name| name.starts_with("95%ci")) {
            return Err(Error::Found {
                what: format!(
                    "`{}` has the mean votes of the P.808 toolkit, which do not say who voted: without that, nobody can \
                     tell how certain a difference is",
                    table.file
                ),
                remedy: Some(
                    "give the answers that Mechanical Turk hands out, or the toolkit's `…_all_votes_per_clip.csv`",
                ),
            });
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(header: &str) -> Result<Option<Form>, Error> {
        let columns = header.split(',').map(str::to_owned).collect();
        Form::of(&ForeignTable { file: "t.csv".to_owned(), columns, rows: Vec::new() })
    }

    #[test]
    fn headers_tell_the_tool() {
        let check = |header: &str, expected: Option<Form>| {
            assert_eq!(of(header).expect("no summary"), expected, "{header}");
        };
        let likert = Some(Form::WebmushraLikert);
        check("session_test_id,email,age,trial_id,stimuli_rating,stimuli,rating_time", likert);
        check("session_test_id,trial_id,stimuli_rating1,stimuli_rating2,stimuli,rating_time", likert);
        check("Session_Test_Id , rater,trial_id,stimuli_rating,stimuli,RATING_TIME ", likert);
        check("session_test_id,rater,trial_id,stimuli,rating_time", None);
        check(
            "session_test_id,rater,session_uuid,trial_id,rating_stimulus,rating_score,rating_time,rating_comment",
            Some(Form::WebmushraMushra),
        );
        check(
            "session_test_id,trial_id,rating_stimulus,rating_score,rating_time,rating_comment",
            Some(Form::WebmushraMushra),
        );
        check(
            "session_test_id,r,trial_id,choice_reference,choice_non_reference,choice_answer,choice_time,choice_comment",
            Some(Form::WebmushraPairedComparison),
        );
        check("HITId,AssignmentId,WorkerId,Answer.q1,Answer.Q1_URL", Some(Form::P808Acr));
        check(
            "HITId,AssignmentId,WorkerId,Answer.q1,Answer.Q1_URL,Input.Q0_R,Input.Q0_P",
            Some(Form::P808Dcr),
        );
        check(
            "AssignmentId,WorkerId,Input.Q0_R,Answer.q1,Answer.Q1_URL,Answer.Q1_order",
            Some(Form::P808Ccr),
        );
        check("HITId,workerid,assignment_id,assignmentstatus,file,vote,question_type", Some(Form::P808Votes));
        check("rater,item,system,score", None);
        check("", None);
    }

    #[test]
    fn tables_of_means_are_refused() {
        for header in ["file_url,n,MOS,std,95%CI,short_file_name,vote_1", "condition_name,n,CMOS,std,95%CI"] {
            let error = of(header).expect_err("no votes");
            assert!(error.to_string().contains("do not say who voted"), "{error}");
            assert!(error.remedy().is_some_and(|remedy| remedy.contains("all_votes_per_clip")));
        }
    }

    #[test]
    fn names_are_all_different() {
        let names: std::collections::BTreeSet<&str> = Form::ALL.iter().map(|form| form.as_str()).collect();
        assert_eq!(names.len(), Form::ALL.len());
        assert!(Form::ALL.iter().all(|form| form.as_str().starts_with("webmushra") == form.is_webmushra()));
    }
}
