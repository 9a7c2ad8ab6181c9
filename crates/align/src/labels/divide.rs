//! Division of a sequence among words, at the least cost.

/// Largest number of elements for each phone of a word, and for a word besides.
const LONGEST: usize = 4;

/// Divides `n` elements among words of the given numbers of phones, at least one each and in order; returns where each
/// word ends. `None` if there are too few or far too many elements, or too many breaks.
///
/// The cost is that of an edit distance: `change` is the cost of an element in place of a phone of a word, and 1 that of a
/// phone without an element or an element without a phone. No word contains both elements on either side of a break:
/// `is_break(i)` is true if there is one before element `i`.
#[must_use]
pub fn divide_among_words(
    n: usize,
    words: &[usize],
    change: impl Fn(usize, usize, usize) -> f64,
    is_break: impl Fn(usize) -> bool,
) -> Option<Vec<usize>> {
    if words.is_empty() || n < words.len() {
        return None;
    }
    // cost[w][i]: the first w words have the first i elements.
    let mut cost = vec![vec![f64::INFINITY; n + 1]; words.len() + 1];
    let mut from = vec![vec![0; n + 1]; words.len() + 1];
    cost[0][0] = 0.0;
    for (w, length) in words.iter().enumerate() {
        let left = words.len() - w - 1;
        for start in w..n - left {
            if cost[w][start].is_infinite() {
                continue;
            }
            let farthest = (start + LONGEST * length + LONGEST).min(n - left);
            let end = (start + 1..farthest).find(|at| is_break(*at)).unwrap_or(farthest);
            let distances = distances(*length, end - start, |phone, at| change(w, phone, start + at));
            for (taken, distance) in distances.into_iter().enumerate().skip(1) {
                let total = cost[w][start] + distance;
                if total < cost[w + 1][start + taken] {
                    cost[w + 1][start + taken] = total;
                    from[w + 1][start + taken] = start;
                }
            }
        }
    }
    if cost[words.len()][n].is_infinite() {
        return None;
    }
    let mut end = n;
    let mut ends: Vec<usize> = (1..=words.len())
        .rev()
        .map(|w| {
            let start = from[w][end];
            std::mem::replace(&mut end, start)
        })
        .collect();
    ends.reverse();
    Some(ends)
}

/// Returns the edit distances of a word's phones to the first 0 to `n` elements.
fn distances(n_phones: usize, n: usize, change: impl Fn(usize, usize) -> f64) -> Vec<f64> {
    let mut row: Vec<f64> = (0..=n).map(|at| at as f64).collect();
    for phone in 0..n_phones {
        let mut diagonal = row[0];
        row[0] = phone as f64 + 1.0;
        for at in 0..n {
            let best = (diagonal + change(phone, at)).min(row[at] + 1.0).min(row[at + 1] + 1.0);
            diagonal = row[at + 1];
            row[at + 1] = best;
        }
    }
    row
}

#[cfg(test)]
mod tests {
    use super::divide_among_words;

    /// Divides letters among words by letters.
    fn divide(letters: &str, words: &[&str], breaks: &[usize]) -> Option<Vec<String>> {
        let letters: Vec<char> = letters.chars().collect();
        let lengths: Vec<usize> = words.iter().map(|word| word.len()).collect();
        let spelled: Vec<Vec<char>> = words.iter().map(|word| word.chars().collect()).collect();
        let change = |word: usize, at: usize, letter: usize| {
            f64::from(u8::from(spelled[word][at] != letters[letter])) * 1.5
        };
        let ends = divide_among_words(letters.len(), &lengths, change, |at| breaks.contains(&at))?;
        let mut start = 0;
        let part = |end: usize| letters[std::mem::replace(&mut start, end)..end].iter().collect();
        Some(ends.into_iter().map(part).collect())
    }

    #[test]
    fn divides_where_the_cost_is_least() {
        let check = |letters, words: &[&str], breaks: &[usize], expected: &[&str]| {
            assert_eq!(divide(letters, words, breaks).unwrap(), expected, "{letters}");
        };
        check("helloworld", &["hello", "world"], &[], &["hello", "world"]);
        check("heloworld", &["hello", "world"], &[], &["helo", "world"]);
        check("hellxworld", &["hello", "world"], &[], &["hellx", "world"]);
        check("wrld", &["a", "world"], &[], &["w", "rld"]);
        check("hellowworld", &["hello", "world"], &[6], &["hellow", "world"]);
        check("ab", &["abc", "x"], &[], &["a", "b"]);
    }

    #[test]
    fn some_divisions_are_impossible() {
        assert_eq!(divide("a", &["a", "b"], &[]), None);
        assert_eq!(divide("abc", &["abc"], &[1]), None);
        assert_eq!(divide(&"a".repeat(40), &["a"], &[]), None);
        assert_eq!(divide("a", &[], &[]), None);
    }

    #[test]
    fn the_division_is_the_best_of_all() {
        let words = ["ab", "ba", "aab"];
        let best = |letters: &str| {
            let cost = |ends: &[usize]| -> f64 {
                let mut start = 0;
                ends.iter()
                    .zip(words)
                    .map(|(end, word)| {
                        let part = &letters[std::mem::replace(&mut start, *end)..*end];
                        let (a, b): (Vec<char>, Vec<char>) = (word.chars().collect(), part.chars().collect());
                        super::distances(a.len(), b.len(), |i, j| if a[i] == b[j] { 0.0 } else { 1.5 })
                            [b.len()]
                    })
                    .sum()
            };
            let n = letters.len();
            let all = (1..n - 1).flat_map(|a| (a + 1..n).map(move |b| [a, b, n]));
            let least = all.map(|ends| cost(&ends)).fold(f64::INFINITY, f64::min);
            let found = divide(letters, &words, &[]).unwrap();
            let mut end = 0;
            let ends: Vec<usize> = found
                .iter()
                .map(|part| {
                    end += part.len();
                    end
                })
                .collect();
            assert!((cost(&ends) - least).abs() < 1e-12, "{letters}: {found:?}");
        };
        for number in 0..128_u32 {
            let letters: String = (0..7).map(|bit| if number >> bit & 1 == 1 { 'a' } else { 'b' }).collect();
            best(&letters);
        }
    }
}
