//! Kinds of text that were once read wrongly, each with its right words or phones.

use mynah_text::{Phonemizer, Pronouncer, normalize};

/// Sentences, and their words without hyphens and full stops.
const SPOKEN: [(&str, &str); 47] = [
    ("She was twenty-one in 1921.", "she was twenty one in nineteen twenty one"),
    ("The mid-1980s were a time of change.", "the mid nineteen eighties were a time of change"),
    (
        "The 1881 census and the 1979 floods.",
        "the eighteen eighty one census and the nineteen seventy nine floods",
    ),
    ("About 10² values were kept.", "about ten squared values were kept"),
    ("He came on 9 Jan 2011.", "he came on the ninth of january twenty eleven"),
    ("On Dec 25 they rested.", "on december twenty fifth they rested"),
    ("It happened in AD 200.", "it happened in a d two hundred"),
    ("AI, the UN, UPS and IT.", "a i the u n u p s and i t"),
    ("Two GPUs and three MPs were there.", "two g p u 's and three m p 's were there"),
    ("Super Bowl XLII was close.", "super bowl forty two was close"),
    ("WWII ended; Division I began.", "world war two ended division one began"),
    ("They lived on Elm St. It was quiet.", "they lived on elm street it was quiet"),
    ("St. James saw Dr. Lee at 12 Hill Dr.", "saint james saw doctor lee at twelve hill drive"),
    ("The hall is 25 x 7 m.", "the hall is twenty five by seven meters"),
    ("It costs $20/mo for now.", "it costs twenty dollars per month for now"),
    ("It was 01.10.2010.", "it was january tenth twenty ten"),
    ("About 1/4th of them left.", "about one fourth of them left"),
    ("Call 911! A Porsche 911.", "call nine one one a porsche nine hundred eleven"),
    ("It holds 16384 words.", "it holds sixteen thousand three hundred eighty four words"),
    ("The score was 3-2 at half-time.", "the score was three two at half time"),
    ("Between 1914-18 many died.", "between nineteen fourteen to eighteen many died"),
    ("Rooms 12A and 12B are full.", "rooms twelve a and twelve b are full"),
    ("See p. 45, fig. 3 and vol. 2.", "see page forty five figure three and volume two"),
    ("It was €1.5bn in all.", "it was one point five billion euros in all"),
    ("At 18:30 on 03/04/2021 it began.", "at eighteen thirty on march fourth twenty twenty one it began"),
    ("No. 10 Downing St. was dark.", "number ten downing street was dark"),
    ("Mt. Everest is 8,849 m high.", "mount everest is eight thousand eight hundred forty nine meters high"),
    ("Flight BA287 left at noon.", "flight b a two eight seven left at noon"),
    ("She is 5'11\" tall.", "she is five feet eleven inches tall"),
    ("A 6-ft. wall and a 2-in. nail.", "a six foot wall and a two inch nail"),
    ("Write to Albany, NY 12207.", "write to albany new york one two two zero seven"),
    ("At 708 N 1st St in Reno, NV.", "at seven oh eight north first street in reno nevada"),
    ("Dr. Smith, MD, is in.", "doctor smith md is in"),
    ("On Jan-15-2020 and 15-Jan.", "on january fifteenth twenty twenty and the fifteenth of january"),
    ("Growth in 2Q22 was 3%.", "growth in the second quarter of twenty two was three percent"),
    ("At 1.59 p.m. sharp; 1.59 m.", "at one fifty nine p m sharp one point five nine meters"),
    ("She ran it in 2:05:41.", "she ran it in two hours five minutes and forty one seconds"),
    ("A card ending in 8876.", "a card ending in eight eight seven six"),
    ("Call 1-800-GO-FAST.", "call one eight hundred go fast"),
    ("A 2x8 m room; a 2x8.", "a two by eight meters room a two x eight"),
    (
        "22/7 is near, 2 * 8 = 16, 5 - 3 = 2.",
        "twenty two sevenths is near two times eight equals sixteen five minus three equals two",
    ),
    ("The A300 and C2766.", "the a three hundred and c two seven six six"),
    ("Ranked no 1 of no 2 people.", "ranked number one of no two people"),
    (
        "A 5 µm film, 100mA, ±2 kΩ.",
        "a five micrometers film one hundred milliamperes plus or minus two kilohms",
    ),
    ("An α-helix; he paid in $.", "an alpha helix he paid in dollar"),
    ("JetBlue, iPhone, OpenAI, McGregor.", "jet blue iphone open a i mcgregor"),
    ("The WHO knows who; the LED is led.", "the w h o knows who the l e d is led"),
];

/// Sentences, and the phones of one of their words.
const SAID: [(&str, &str, &str); 21] = [
    ("twenty-one", "twenty-one", "T W EH1 N T IY0 W AH1 N"),
    ("GDP grew.", "gdp", "JH IY1 D IY2 P IY1"),
    ("The GPS failed.", "gps", "JH IY1 P IY2 EH1 S"),
    ("JFK spoke.", "jfk", "JH EY1 EH2 F K EY1"),
    ("An NGO came.", "n.g.o.", "EH2 N JH IY2 OW1"),
    ("KPMG counted.", "kpmg", "K EY1 P IY2 EH2 M JH IY1"),
    ("the apple", "the", "DH IY0"),
    ("the pear", "the", "DH AH0"),
    ("the hour", "the", "DH IY0"),
    ("the use", "the", "DH AH0"),
    ("the MRI", "the", "DH IY0"),
    ("the x-ray", "the", "DH IY0"),
    ("the UN", "the", "DH AH0"),
    ("the 8th", "the", "DH IY0"),
    ("the 1st", "the", "DH AH0"),
    ("the speculators' gains", "speculators'", "S P EH1 K Y AH0 L EY2 T ER0 Z"),
    ("Hank's", "hank's", "HH AE1 NG K S"),
    ("Heidi's", "heidi's", "HH AY1 D IY0 Z"),
    ("James' hat", "james'", "JH EY1 M Z"),
    ("a synapse", "synapse", "S IH1 N AE2 P S"),
    ("favoured", "favoured", "F EY1 V ER0 D"),
];

#[test]
fn known_kinds_are_spoken_as_people_read_them() {
    for (text, expected) in SPOKEN {
        let normalized = normalize(text);
        let words =
            normalized.words().flat_map(|word| word.text.split(['-', '.'])).filter(|part| !part.is_empty());
        assert_eq!(words.collect::<Vec<_>>().join(" "), expected, "{text}");
    }
}

#[test]
fn known_kinds_have_their_phones() {
    let phonemizer = Phonemizer::new(Pronouncer::new(None));
    for (text, word, phones) in SAID {
        let phonemized = phonemizer.phonemize(text).expect(text);
        let said: Vec<String> = phonemized
            .words
            .iter()
            .filter(|spoken| spoken.text == word)
            .map(|spoken| {
                spoken.pronunciation.phones.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
            })
            .collect();
        assert_eq!(said, [phones], "{text}");
    }
}
