//! Rules by the beginning of a path that they require.

/// Beginnings of paths, each with the ranks of its rules.
#[derive(Debug, Default)]
pub(super) struct Prefixes {
    /// In the order of the alphabet, none twice, none empty.
    nodes: Vec<Node>,
    /// What requires no beginning.
    rest: Ranks,
}

#[derive(Debug)]
struct Node {
    prefix: Box<str>,
    /// The longest other node that this one begins with.
    parent: Option<usize>,
    ranks: Ranks,
}

/// Some ranks, in order.
#[derive(Debug, Default)]
struct Ranks(Vec<usize>);

// === impl Prefixes ===

impl Prefixes {
    /// These beginnings of paths, and the ranks of the rules that require them.
    pub(super) fn of(mut filed: Vec<(&str, usize)>) -> Self {
        filed.sort_unstable();
        filed.dedup();
        let (mut nodes, mut rest) = (Vec::<Node>::new(), Ranks::default());
        for (prefix, rank) in filed {
            match nodes.last_mut() {
                // To compare with an empty text is what some processors are slowest at.
                _ if prefix.is_empty() => rest.0.push(rank),
                Some(last) if *last.prefix == *prefix => last.ranks.0.push(rank),
                last => {
                    // What this one begins with is the last one, or what that one begins with.
                    let mut parent = last.is_some().then(|| nodes.len() - 1);
                    while let Some(index) = parent
                        && !prefix.starts_with(&*nodes[index].prefix)
                    {
                        parent = nodes[index].parent;
                    }
                    nodes.push(Node { prefix: prefix.into(), parent, ranks: Ranks(vec![rank]) });
                }
            }
        }
        Self { nodes, rest }
    }

    /// The lowest rank below `best` whose rule matches, else `best`.
    pub(super) fn first(
        &self,
        path: &str,
        mut best: Option<usize>,
        is_match: &mut impl FnMut(usize) -> bool,
    ) -> Option<usize> {
        // The last node that does not come after the path: whatever the path begins with, it begins with too.
        let mut at = self.nodes.partition_point(|node| *node.prefix <= *path).checked_sub(1);
        while let Some(index) = at {
            let node = &self.nodes[index];
            at = node.parent;
            if path.starts_with(&*node.prefix) {
                best = node.ranks.first(best, is_match);
            }
        }
        self.rest.first(best, is_match)
    }

    pub(super) fn ranks(&self) -> impl Iterator<Item = usize> {
        self.nodes.iter().map(|node| &node.ranks).chain([&self.rest]).flat_map(|ranks| ranks.0.iter().copied())
    }
}

// === impl Ranks ===

impl Ranks {
    /// The lowest of these below `best` whose rule matches, else `best`.
    fn first(&self, best: Option<usize>, is_match: &mut impl FnMut(usize) -> bool) -> Option<usize> {
        let mut better = self.0.iter().copied().take_while(|rank| best.is_none_or(|best| *rank < best));
        better.find(|rank| is_match(*rank)).or(best)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_finds_whatever_it_begins_with() {
        let prefixes =
            Prefixes::of(vec![("/b", 0), ("/a/b", 1), ("/a", 2), ("", 3), ("/a/c", 4), ("/a", 5), ("/a!", 6)]);
        for (path, found) in [
            ("/", vec![3]),
            ("/a", vec![2, 3, 5]),
            ("/a!x", vec![2, 3, 5, 6]),
            ("/a/b", vec![1, 2, 3, 5]),
            ("/a/bc/d", vec![1, 2, 3, 5]),
            ("/a/bb", vec![1, 2, 3, 5]),
            ("/a/d", vec![2, 3, 5]),
            ("/ab", vec![2, 3, 5]),
            ("/c", vec![3]),
            ("", vec![3]),
        ] {
            let mut looked_at = Vec::new();
            prefixes.first(path, None, &mut |rank| {
                looked_at.push(rank);
                false
            });
            looked_at.sort_unstable();
            assert_eq!(looked_at, found, "{path}");
        }
    }

    #[test]
    fn what_cannot_win_is_not_looked_at() {
        let prefixes = Prefixes::of(vec![("/a", 3), ("/", 1), ("/", 4), ("", 0), ("", 2)]);
        let mut looked_at = Vec::new();
        let best = prefixes.first("/a", Some(4), &mut |rank| {
            looked_at.push(rank);
            rank == 1 || rank == 3
        });
        assert_eq!((best, looked_at), (Some(1), vec![3, 1, 0]));
    }
}
