//! Strongly connected components: which aggregated roles gather from one another.

/// Puts nodes into groups, each group after those that it needs: `sources[node]` are what a node
/// needs, by number. Nodes are in one group where each needs the other, if through further ones.
/// The nodes of a group are sorted.
///
/// Time follows the number of nodes and sources, and no recursion is as deep as they are long.
///
/// Source: Tarjan's algorithm.
pub(super) fn sources_first(sources: &[Vec<usize>]) -> Vec<Vec<usize>> {
    const NEW: usize = usize::MAX;
    // When each node was first seen, and the earliest of those in its group that are known of.
    let mut seen = vec![NEW; sources.len()];
    let mut earliest = vec![NEW; sources.len()];
    let mut count = 0;
    // Nodes whose group isn't complete.
    let mut open = Vec::new();
    let mut is_open = vec![false; sources.len()];
    let mut groups = Vec::new();
    for root in 0..sources.len() {
        if seen[root] != NEW {
            continue;
        }
        // Nodes on the way, with how many of their sources have been looked at.
        let mut path = vec![(root, 0)];
        while let Some((node, done)) = path.pop() {
            if done == 0 {
                seen[node] = count;
                earliest[node] = count;
                count += 1;
                open.push(node);
                is_open[node] = true;
            } else {
                let source = sources[node][done - 1];
                if is_open[source] {
                    earliest[node] = earliest[node].min(earliest[source]);
                }
            }
            if let Some(&source) = sources[node].get(done) {
                path.push((node, done + 1));
                if seen[source] == NEW {
                    path.push((source, 0));
                }
            } else if earliest[node] == seen[node] {
                let begin = open.iter().rposition(|&other| other == node).unwrap_or(0);
                let mut group = open.split_off(begin);
                for &node in &group {
                    is_open[node] = false;
                }
                group.sort_unstable();
                groups.push(group);
            }
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_come_after_their_sources() {
        let groups = sources_first(&[vec![2, 1], vec![], vec![1]]);
        assert_eq!(groups, [[1], [2], [0]]);
    }

    #[test]
    fn nodes_of_a_circle_are_one_group() {
        // 0 → 1 → 2 → 0 with 3 inside of it, 4 outside; 5 and 6 need each other and the circle.
        let groups = sources_first(&[
            vec![1],
            vec![2, 3],
            vec![0, 4],
            vec![1],
            vec![],
            vec![6, 0],
            vec![4, 5],
        ]);
        assert_eq!(groups, [vec![4], vec![0, 1, 2, 3], vec![5, 6]]);
    }

    /// Against the definition, on all graphs of four nodes.
    #[test]
    fn groups_are_what_reaches_one_another() {
        for edges in 0u32..1 << 12 {
            let mut sources: Vec<Vec<usize>> = vec![Vec::new(); 4];
            let pairs = (0..4).flat_map(|from| (0..4).map(move |to| (from, to)));
            for (bit, (from, to)) in pairs.filter(|(from, to)| from != to).enumerate() {
                if edges >> bit & 1 == 1 {
                    sources[from].push(to);
                }
            }
            let pair = |from: usize, to: usize| 4 * from + to;
            let mut reaches = [false; 16];
            for (node, sources) in sources.iter().enumerate() {
                reaches[pair(node, node)] = true;
                for &to in sources {
                    reaches[pair(node, to)] = true;
                }
            }
            for over in 0..4 {
                for from in 0..4 {
                    for to in 0..4 {
                        reaches[pair(from, to)] |=
                            reaches[pair(from, over)] && reaches[pair(over, to)];
                    }
                }
            }
            let groups = sources_first(&sources);
            let place = |node| {
                groups
                    .iter()
                    .position(|group| group.contains(&node))
                    .unwrap()
            };
            assert_eq!(groups.iter().flatten().count(), 4, "{sources:?}");
            for from in 0..4 {
                for to in 0..4 {
                    let reached = reaches[pair(from, to)];
                    let together = reached && reaches[pair(to, from)];
                    assert_eq!(place(from) == place(to), together, "{sources:?}");
                    assert!(!reached || place(to) <= place(from), "{sources:?}");
                }
            }
        }
    }

    #[test]
    fn a_long_way_needs_no_deep_stack() {
        let count = 200_000;
        let ring: Vec<Vec<usize>> = (0..count).map(|node| vec![(node + 1) % count]).collect();
        assert_eq!(sources_first(&ring), [(0..count).collect::<Vec<_>>()]);
    }
}
