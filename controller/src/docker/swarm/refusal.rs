//! Beside which services of Swarm there can be no second one, and what to do.

/// How a service of Swarm is made up, as far as another one can be beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// It has so many tasks, wherever there is place.
    Replicated,
    /// Each node has one.
    Global,
    /// Its tasks listen at this port of their nodes.
    HostPort(u16),
}

/// Why there can be no second service beside one that is made up like this, and the remedy.
#[must_use]
pub fn refusal(swarm_service: &str, manner: Manner) -> Option<(String, String)> {
    match manner {
        Manner::Replicated => None,
        Manner::Global => Some((
            format!("{swarm_service} is a global service of Swarm: each node has exactly one task of it"),
            "make it a replicated one".to_owned(),
        )),
        Manner::HostPort(port) => Some((
            format!(
                "{swarm_service} listens at the port {port} of its nodes (mode=host), which no second one can have"
            ),
            "remove the published port: requests come by canaryd".to_owned(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_beside_itself_is_told_apart() {
        let refused = |manner| refusal("shop_web", manner).map(|(what, remedy)| format!("{what}; {remedy}"));
        assert_eq!(
            [Manner::Global, Manner::HostPort(8080), Manner::Replicated].map(refused),
            [
                Some(
                    "shop_web is a global service of Swarm: each node has exactly one task of it; make it a replicated \
                     one"
                    .to_owned()
                ),
                Some(
                    "shop_web listens at the port 8080 of its nodes (mode=host), which no second one can have; remove \
                     the published port: requests come by canaryd"
                    .to_owned()
                ),
                None,
            ]
        );
    }
}
