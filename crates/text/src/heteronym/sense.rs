//! Words whose senses depend on related words nearby.

use super::grammar::{Class, class, is_adjective, is_plural, noun_or_verb};
use super::table::Heteronym;
use super::{Context, Reading, Reason};

const METAL: [&str; 34] = [
    "pipe",
    "pipes",
    "paint",
    "bullet",
    "bullets",
    "metal",
    "metals",
    "copper",
    "zinc",
    "iron",
    "tin",
    "silver",
    "gold",
    "brass",
    "poisoning",
    "pencil",
    "pencils",
    "core",
    "solder",
    "melted",
    "molten",
    "sheet",
    "sheets",
    "roof",
    "fragment",
    "fragments",
    "ounces",
    "heavy",
    "weight",
    "ore",
    "mine",
    "mines",
    "shot",
    "alloy",
];
const ON_AIR: [&str; 26] = [
    "broadcast",
    "broadcasts",
    "music",
    "wire",
    "wires",
    "ammunition",
    "audience",
    "coverage",
    "concert",
    "television",
    "show",
    "event",
    "events",
    "bait",
    "stock",
    "animal",
    "animals",
    "performance",
    "recording",
    "fire",
    "rounds",
    "round",
    "bird",
    "birds",
    "chicken",
    "coals",
];
const BREATHING: [&str; 12] = [
    "broadcast",
    "broadcasting",
    "went",
    "going",
    "go",
    "goes",
    "aired",
    "air",
    "televised",
    "shown",
    "played",
    "streamed",
];
const COILED: [&str; 30] = [
    "clock",
    "clocks",
    "watch",
    "spring",
    "rope",
    "string",
    "thread",
    "yarn",
    "wool",
    "wire",
    "cable",
    "tape",
    "scarf",
    "bandage",
    "cloth",
    "ribbon",
    "turban",
    "path",
    "road",
    "river",
    "trail",
    "stair",
    "staircase",
    "stream",
    "reel",
    "coil",
    "procession",
    "neck",
    "waist",
    "column",
];
const WAYS: [&str; 12] =
    ["up", "down", "around", "round", "through", "along", "its", "his", "their", "tightly", "about", "past"];
const CRYING: [&str; 28] = [
    "eye", "eyes", "cheek", "cheeks", "weep", "wept", "cry", "cried", "crying", "shed", "sobbed", "sobs",
    "joy", "sorrow", "grief", "gas", "drop", "drops", "duct", "rolled", "trickled", "wiped", "wipe", "dried",
    "face", "smile", "laughter", "burst",
];
const TORN: [&str; 22] = [
    "cloth", "fabric", "paper", "coat", "dress", "shirt", "sleeve", "muscle", "ligament", "sail", "canvas",
    "page", "trousers", "net", "skin", "tissue", "wear", "hole", "rip", "jacket", "curtain", "stocking",
];
const BENT_OR_SHIP: [&str; 24] = [
    "ship",
    "boat",
    "stern",
    "deck",
    "waves",
    "port",
    "starboard",
    "vessel",
    "anchor",
    "took",
    "take",
    "low",
    "queen",
    "king",
    "audience",
    "head",
    "deep",
    "stiff",
    "respectful",
    "polite",
    "graceful",
    "slight",
    "courtly",
    "bridge",
];
const STRUNG: [&str; 22] = [
    "arrow", "arrows", "archer", "archers", "violin", "fiddle", "cello", "viola", "string", "strings",
    "ribbon", "ribbons", "tie", "tied", "hair", "rain", "knot", "hunter", "shot", "quiver", "spear",
    "target",
];
const FISH: [&str; 20] = [
    "fish",
    "fishing",
    "fished",
    "lake",
    "sea",
    "river",
    "pond",
    "striped",
    "caught",
    "catch",
    "trout",
    "salmon",
    "perch",
    "cod",
    "mouth",
    "largemouth",
    "hook",
    "bait",
    "angler",
    "rod",
];
const MINUTELY: [&str; 30] = [
    "detail",
    "details",
    "particle",
    "particles",
    "amount",
    "amounts",
    "quantity",
    "quantities",
    "trace",
    "traces",
    "fragment",
    "fragments",
    "difference",
    "differences",
    "description",
    "inspection",
    "examination",
    "instructions",
    "care",
    "attention",
    "portion",
    "portions",
    "creatures",
    "organisms",
    "dose",
    "doses",
    "account",
    "scale",
    "crystals",
    "accuracy",
];
const PEOPLE_OF_POLAND: [&str; 24] = [
    "government",
    "army",
    "people",
    "border",
    "language",
    "troops",
    "soldiers",
    "soldier",
    "citizen",
    "jews",
    "jew",
    "officer",
    "officers",
    "pilot",
    "king",
    "prime",
    "president",
    "minister",
    "nobleman",
    "town",
    "city",
    "families",
    "immigrants",
    "sausage",
];

/// Chooses the first reading, unless a word nearby is related to the second.
fn by_company(context: &Context<'_>, second: &[&str]) -> (Reading, Reason) {
    if context.is_near(|word| second.contains(&word)) {
        (Reading::Second, Reason::Company)
    } else {
        (Reading::First, Reason::Default)
    }
}

/// Returns the reason if the grammar clearly identifies a verb.
fn is_verb(context: &Context<'_>, word: &Heteronym) -> Option<Reason> {
    match noun_or_verb(context, word) {
        (Reading::Second, reason) if reason != Reason::Default => Some(reason),
        _ => None,
    }
}

/// Decides "lead": first to guide, second the metal.
pub(super) fn lead(context: &Context<'_>, word: &Heteronym) -> (Reading, Reason) {
    match is_verb(context, word) {
        Some(reason) => (Reading::First, reason),
        None if context.before(1) == "of" && class(context.before(2)) != Class::Nothing => {
            (Reading::Second, Reason::Preposition)
        }
        None => by_company(context, &METAL),
    }
}

/// Decides "live": first the verb, second the adjective and the adverb.
pub(super) fn live(context: &Context<'_>, _: &Heteronym) -> (Reading, Reason) {
    let (before, after) = (context.before(1), context.after(1));
    match class(before) {
        Class::To | Class::Auxiliary | Class::Subject | Class::ObjectPronoun => {
            (Reading::First, Reason::Subject)
        }
        Class::Relative => (Reading::First, Reason::Subject),
        Class::Determiner | Class::SingularDeterminer | Class::Number | Class::Preposition => {
            (Reading::Second, Reason::Determiner)
        }
        _ if ON_AIR.contains(&after) => (Reading::Second, Reason::Company),
        _ if BREATHING.contains(&before) => (Reading::Second, Reason::Company),
        Class::Be => (Reading::Second, Reason::Auxiliary),
        _ => (Reading::First, Reason::Default),
    }
}

/// Decides "wind": first the air, second to turn.
pub(super) fn wind(context: &Context<'_>, word: &Heteronym) -> (Reading, Reason) {
    if let Some(reason) = is_verb(context, word) {
        return (Reading::Second, reason);
    }
    let way = WAYS.contains(&context.after(1));
    let turns =
        |word: &str| COILED.contains(&word.strip_suffix('s').unwrap_or(word)) || COILED.contains(&word);
    if way && (turns(context.before(1)) || turns(context.before(2))) {
        return (Reading::Second, Reason::Company);
    }
    (Reading::First, Reason::Default)
}

/// Decides "tear": first the drop from an eye, second to rip, and a rip.
pub(super) fn tear(context: &Context<'_>, word: &Heteronym) -> (Reading, Reason) {
    if let Some(reason) = is_verb(context, word) {
        return (Reading::Second, reason);
    }
    if context.is_near(|word| CRYING.contains(&word)) {
        return (Reading::First, Reason::Company);
    }
    let apart = matches!(context.after(1), "up" | "down" | "apart" | "off" | "open" | "away" | "through");
    if apart {
        return (Reading::Second, Reason::Complement);
    }
    by_company(context, &TORN)
}

/// Decides "bow": first for arrows, strings and ribbons, second to bend, and the front of a ship.
pub(super) fn bow(context: &Context<'_>, word: &Heteronym) -> (Reading, Reason) {
    if let Some(reason) = is_verb(context, word) {
        return (Reading::Second, reason);
    }
    if context.is_near(|word| STRUNG.contains(&word)) {
        return (Reading::First, Reason::Company);
    }
    by_company(context, &BENT_OR_SHIP)
}

/// Decides "bass": first the low voice, second the fish.
pub(super) fn bass(context: &Context<'_>, _: &Heteronym) -> (Reading, Reason) {
    by_company(context, &FISH)
}

/// Decides "dove": first the bird, second the past of "dive".
pub(super) fn dove(context: &Context<'_>, _: &Heteronym) -> (Reading, Reason) {
    let under = matches!(
        context.after(1),
        "into" | "off" | "under" | "in" | "for" | "down" | "through" | "from" | "headfirst" | "deep" | "back"
    );
    match class(context.before(1)) {
        Class::Subject | Class::SingularSubject | Class::Relative => (Reading::Second, Reason::Subject),
        Class::Determiner | Class::SingularDeterminer | Class::Number => (Reading::First, Reason::Determiner),
        Class::Other if under && !is_adjective(context.before(1)) => (Reading::Second, Reason::Complement),
        _ => (Reading::First, Reason::Default),
    }
}

/// Decides "wound": first the injury and to injure, second the past of "wind".
pub(super) fn wound(context: &Context<'_>, _: &Heteronym) -> (Reading, Reason) {
    let before = class(context.before(1));
    if matches!(before, Class::Determiner | Class::SingularDeterminer | Class::Number | Class::Preposition) {
        return (Reading::First, Reason::Determiner);
    }
    if matches!(before, Class::To | Class::Auxiliary) {
        return (Reading::First, Reason::Auxiliary);
    }
    if WAYS[..8].contains(&context.after(1)) || context.before(1) == "tightly" {
        return (Reading::Second, Reason::Complement);
    }
    by_company(context, &COILED)
}

/// Decides "minute": first the unit of time, second tiny.
pub(super) fn minute(context: &Context<'_>, _: &Heteronym) -> (Reading, Reason) {
    if MINUTELY.contains(&context.after(1))
        || MINUTELY.contains(&context.after(2)) && is_adjective(context.after(1))
    {
        return (Reading::Second, Reason::Company);
    }
    let before = context.before(1);
    let graded = class(before) == Class::Intensifier || matches!(before, "most" | "more" | "as");
    if graded || class(before) == Class::Be && class(context.after(1)) != Class::Other {
        return (Reading::Second, Reason::Modifier);
    }
    (Reading::First, Reason::Default)
}

/// Decides "deserts": "just deserts" are deserved; otherwise as for any noun and verb.
pub(super) fn deserts(context: &Context<'_>, word: &Heteronym) -> (Reading, Reason) {
    if context.before(1) == "just" {
        return (Reading::Second, Reason::Company);
    }
    noun_or_verb(context, word)
}

/// Decides "content": first what something contains, second satisfied and to satisfy.
pub(super) fn content(context: &Context<'_>, word: &Heteronym) -> (Reading, Reason) {
    let before = class(context.before(1));
    if matches!(before, Class::Be | Class::Intensifier) || context.before(1) == "well" {
        return (Reading::Second, Reason::Modifier);
    }
    if matches!(class(context.after(1)), Class::ObjectPronoun) {
        return (Reading::Second, Reason::Object);
    }
    if matches!(context.after(1), "with" | "to")
        && !matches!(before, Class::Determiner | Class::SingularDeterminer)
    {
        return (Reading::Second, Reason::Complement);
    }
    match noun_or_verb(context, word) {
        (Reading::Second, Reason::Default) => (Reading::First, Reason::Default),
        chosen => chosen,
    }
}

/// Decides "contents": first what something contains, second the verb, which needs an object.
pub(super) fn contents(context: &Context<'_>, _: &Heteronym) -> (Reading, Reason) {
    if class(context.after(1)) == Class::ObjectPronoun {
        (Reading::Second, Reason::Object)
    } else {
        (Reading::First, Reason::Default)
    }
}

/// Decides "close": first near, second to shut, and the end of something.
pub(super) fn close(context: &Context<'_>, word: &Heteronym) -> (Reading, Reason) {
    let (before, after) = (context.before(1), context.after(1));
    let determined = matches!(class(before), Class::Determiner | Class::SingularDeterminer);
    if determined && (after == "of" || class(after) != Class::Other) {
        return (Reading::Second, Reason::Complement);
    }
    if is_plural(before) && class(after) == Class::Preposition {
        return (Reading::Second, Reason::Subject);
    }
    if matches!(
        after,
        "to" | "by" | "behind" | "together" | "enough" | "upon" | "beside" | "at" | "friend" | "friends"
    ) {
        let verb = matches!(class(before), Class::To | Class::Auxiliary | Class::Subject)
            && !matches!(after, "to" | "by");
        return if verb {
            (Reading::Second, Reason::Auxiliary)
        } else {
            (Reading::First, Reason::Complement)
        };
    }
    noun_or_verb(context, word)
}

/// Decides "polish": first to make shine, second of Poland.
pub(super) fn polish(context: &Context<'_>, _: &Heteronym) -> (Reading, Reason) {
    if context.is_name() {
        return (Reading::Second, Reason::Spelling);
    }
    let capital = context.written().starts_with(char::is_uppercase);
    if capital && (PEOPLE_OF_POLAND.contains(&context.after(1)) || context.name_follows()) {
        return (Reading::Second, Reason::Company);
    }
    (Reading::First, Reason::Default)
}

/// Decides "learned" and "blessed": first the verb, second the adjective before its noun, as in "a learned
/// man", "the blessed virgin".
pub(super) fn learned(context: &Context<'_>, _: &Heteronym) -> (Reading, Reason) {
    let before = context.before(1);
    let determined = matches!(class(before), Class::Determiner | Class::SingularDeterminer);
    let graded = matches!(class(before), Class::Intensifier) || matches!(before, "most" | "more");
    if (determined || graded) && class(context.after(1)) == Class::Other {
        return (Reading::Second, Reason::Modifier);
    }
    (Reading::First, Reason::Default)
}

/// Decides "aged": first "of a given age", second old.
pub(super) fn aged(context: &Context<'_>, _: &Heteronym) -> (Reading, Reason) {
    let before = class(context.before(1));
    let after = class(context.after(1));
    let determined = matches!(before, Class::Determiner | Class::SingularDeterminer);
    if determined && after != Class::Number || before == Class::Other && is_adjective(context.before(1)) {
        return (Reading::Second, Reason::Determiner);
    }
    (Reading::First, Reason::Default)
}

/// Decides "resume": first to continue, second the summary of a career.
pub(super) fn resume(context: &Context<'_>, _: &Heteronym) -> (Reading, Reason) {
    if !context.written().is_ascii() {
        return (Reading::Second, Reason::Spelling);
    }
    if matches!(class(context.before(1)), Class::Determiner | Class::SingularDeterminer) {
        return (Reading::Second, Reason::Determiner);
    }
    (Reading::First, Reason::Default)
}

/// Decides "invalid": first not valid, second a sick person.
pub(super) fn invalid(context: &Context<'_>, _: &Heteronym) -> (Reading, Reason) {
    let determined = matches!(class(context.before(1)), Class::Determiner | Class::SingularDeterminer);
    if determined && class(context.after(1)) != Class::Other {
        return (Reading::Second, Reason::Complement);
    }
    (Reading::First, Reason::Default)
}
