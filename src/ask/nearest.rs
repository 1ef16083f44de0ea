//! The known name that is most like one that nothing knows.

/// The most letters of names that are compared. Kubernetes' own have up to 253.
const MOST_LETTERS: usize = 300;

/// Of how many letters a difference of one more is still a slip.
const LETTERS_PER_SLIP: usize = 3;

/// The name that was most likely meant: the one that the fewest slips part from the word, letter case
/// aside, or else one that holds it or that it holds. None where no name is like it.
///
/// Of names that are alike, the first in their order is taken, so that the answer doesn't depend on the
/// order of the input.
pub(crate) fn nearest<'n>(word: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    if is_long(word) {
        return None;
    }
    let wanted: Vec<char> = word.to_lowercase().chars().collect();
    let most = (wanted.len() / LETTERS_PER_SLIP).max(1);
    let near = names
        .into_iter()
        .filter(|name| !is_long(name))
        .filter_map(|name| {
            let known: Vec<char> = name.to_lowercase().chars().collect();
            let slips = slips(&wanted, &known, most).or_else(|| {
                // Behind all that differ by a few slips.
                holds(&wanted, &known).then(|| most + wanted.len().abs_diff(known.len()))
            });
            slips.map(|slips| (slips, name))
        });
    near.min().map(|(_, name)| name)
}

fn is_long(name: &str) -> bool {
    name.len() > MOST_LETTERS
}

/// Whether the longer of two words holds the shorter, and that says something.
fn holds(one: &[char], other: &[char]) -> bool {
    let (short, long) = match one.len() <= other.len() {
        true => (one, other),
        false => (other, one),
    };
    short.len() > LETTERS_PER_SLIP && long.windows(short.len()).any(|part| part == short)
}

/// How many letters have to be put in, left out, changed or swapped with their neighbour to make one
/// word of the other, if they are no more than `most`.
fn slips(one: &[char], other: &[char], most: usize) -> Option<usize> {
    if one.len().abs_diff(other.len()) > most {
        return None;
    }
    let width = other.len() + 1;
    let mut before: Vec<usize> = vec![0; width];
    let mut last: Vec<usize> = (0..width).collect();
    for (row, &letter) in one.iter().enumerate() {
        let mut this = vec![row + 1; width];
        for (column, &known) in other.iter().enumerate() {
            let changed = last[column] + usize::from(letter != known);
            let mut fewest = changed.min(last[column + 1] + 1).min(this[column] + 1);
            let swapped =
                row > 0 && column > 0 && letter == other[column - 1] && one[row - 1] == known;
            if swapped {
                fewest = fewest.min(before[column - 1] + 1);
            }
            this[column + 1] = fewest;
        }
        if this.iter().all(|&slips| slips > most) {
            return None;
        }
        before = last;
        last = this;
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
