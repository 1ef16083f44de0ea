//! The known name that is most like one that nothing knows.

/// The most letters of names that are compared. Kubernetes' own have up to 253.
const MOST_LETTERS: usize = 300;

/// Of how many letters a difference of one more is still a slip.
const LETTERS_PER_SLIP: usize = 3;

/// The most slips in one name. More make another name of it, and each costs time.
const MOST_SLIPS: usize = 6;

/// The name that was most likely meant: the one that the fewest slips part from the word, letter case
/// aside, or else one that holds it or that it holds. None where no name is like it.
///
/// Of names that are alike, the first in their order is taken, so that the answer doesn't depend on the
/// order of the input. The time that it takes is that of reading the names: long ones are passed over, and
/// of the others no more is compared than so many slips need.
pub(crate) fn nearest<'n>(word: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    if is_long(word) {
        return None;
    }
    let lower = word.to_lowercase();
    let wanted: Vec<char> = lower.chars().collect();
    let most = (wanted.len() / LETTERS_PER_SLIP).clamp(1, MOST_SLIPS);
    let near = names
        .into_iter()
        .filter(|name| !is_long(name))
        .filter_map(|name| {
            let name_lower = name.to_lowercase();
            let length = name_lower.chars().count();
            let is_near = length.abs_diff(wanted.len()) <= most;
            let by_slips = is_near.then(|| {
                let known: Vec<char> = name_lower.chars().collect();
                slips(&wanted, &known, most)
            });
            let slips = by_slips.flatten().or_else(|| {
                // Behind all that differ by a few slips.
                let shorter = length.min(wanted.len());
                let holds = shorter > LETTERS_PER_SLIP
                    && (lower.contains(&*name_lower) || name_lower.contains(&*lower));
                holds.then(|| most + wanted.len().abs_diff(length))
            });
            slips.map(|slips| (slips, name))
        });
    near.min().map(|(_, name)| name)
}

fn is_long(name: &str) -> bool {
    name.len() > MOST_LETTERS
}

/// How many letters have to be put in, left out, changed or swapped with their neighbour to make one
/// word of the other, if they are no more than `most`.
///
/// Letters that are further apart than `most` can't belong together, so only those around the diagonal
/// are compared.
fn slips(one: &[char], other: &[char], most: usize) -> Option<usize> {
    const FAR: usize = usize::MAX / 2;
    if one.len().abs_diff(other.len()) > most {
        return None;
    }
    let width = other.len() + 1;
    let mut before = vec![FAR; width];
    let mut last: Vec<usize> = (0..width).collect();
    let mut this = vec![FAR; width];
    for (row, &letter) in one.iter().enumerate() {
        let first = (row + 1).saturating_sub(most);
        let end = (row + 1 + most).min(width - 1);
        if first == 0 {
            this[0] = row + 1;
        } else {
            this[first - 1] = FAR;
        }
        for column in first.max(1)..=end {
            let (known, at) = (other[column - 1], column - 1);
            let changed = last[at] + usize::from(letter != known);
            let left_out = match column < row + 1 + most {
                true => last[column] + 1,
                false => FAR,
            };
            let mut fewest = changed.min(left_out).min(this[at] + 1);
            let swapped = row > 0 && at > 0 && letter == other[at - 1] && one[row - 1] == known;
            if swapped {
                fewest = fewest.min(before[at - 1] + 1);
            }
            this[column] = fewest;
        }
        if this[first..=end].iter().all(|&slips| slips > most) {
            return None;
        }
        std::mem::swap(&mut before, &mut last);
        std::mem::swap(&mut last, &mut this);
    }
    last.last().copied().filter(|&slips| slips <= most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fewest_slips_win() {
        let names = ["log", "exec", "status", "eviction", "ephemeralcontainers"];
        for (word, expected) in [
            ("logs", Some("log")),
            ("Log", Some("log")),
            ("exce", Some("exec")),
            ("statsu", Some("status")),
            ("evict", Some("eviction")),
            ("ephemeral-containers", Some("ephemeralcontainers")),
            ("containers", Some("ephemeralcontainers")),
            ("scale", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, names), expected, "{word}");
        }
        // Alike: the first in their order.
        assert_eq!(nearest("dev", ["devs", "deva"]), Some("deva"));
        assert_eq!(nearest("payments", []), None);
        let long = "x".repeat(400);
        assert_eq!(nearest(&long, [&*long]), None);
    }

    /// The whole table of slips, without the diagonal.
    fn slips_in_full(one: &[char], other: &[char]) -> usize {
        let mut table = vec![vec![0; other.len() + 1]; one.len() + 1];
        for row in 0..=one.len() {
            for column in 0..=other.len() {
                table[row][column] = if row == 0 || column == 0 {
                    row + column
                } else {
                    let same = one[row - 1] == other[column - 1];
                    let changed = table[row - 1][column - 1] + usize::from(!same);
                    let moved = table[row - 1][column].min(table[row][column - 1]) + 1;
                    let is_swapped = row > 1
                        && column > 1
                        && one[row - 1] == other[column - 2]
                        && one[row - 2] == other[column - 1];
                    let swapped = match is_swapped {
                        true => table[row - 2][column - 2] + 1,
                        false => usize::MAX,
                    };
                    changed.min(moved).min(swapped)
                };
            }
        }
        table[one.len()][other.len()]
    }

    #[test]
    fn the_diagonal_is_enough() {
        // All words of up to five of two letters.
        let words: Vec<Vec<char>> = (0..6_u32)
            .flat_map(|length| {
                (0..1_u32 << length).map(move |bits| {
                    let letter = |at| if bits >> at & 1 == 1 { 'a' } else { 'b' };
                    (0..length).map(letter).collect()
                })
            })
            .collect();
        for one in &words {
            for other in &words {
                let full = slips_in_full(one, other);
                for most in 1..5 {
                    let expected = (full <= most).then_some(full);
                    assert_eq!(
                        slips(one, other, most),
                        expected,
                        "{one:?} {other:?} {most}"
                    );
                }
            }
        }
    }

    #[test]
    fn slips_are_counted_as_people_make_them() {
        let count = |one: &str, other: &str| {
            let letters = |word: &str| word.chars().collect::<Vec<_>>();
            slips(&letters(one), &letters(other), 9)
        };
        for (one, other, expected) in [
            ("log", "log", 0),
            ("log", "logs", 1),
            ("lgo", "log", 1),
            ("kitten", "sitting", 3),
            ("", "abc", 3),
        ] {
            assert_eq!(count(one, other), Some(expected), "{one} {other}");
            assert_eq!(count(other, one), Some(expected), "{other} {one}");
        }
        assert_eq!(count("a", &"b".repeat(11)), None);
    }
}
