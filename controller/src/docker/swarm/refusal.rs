//! Why canaryd makes no release beside a service of Swarm, and what to do instead.

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

/// Why a release of a service cannot be deployed whose stable tasks are those of this service of Swarm, and the remedy.
#[must_use]
pub fn refusal(swarm_service: &str, manner: Manner) -> (String, String) {
    match manner {
        Manner::Global => (
            format!("{swarm_service} is a global service of Swarm: each node has exactly one task of it"),
            "make it a replicated one, with a second service beside it for the new release".to_owned(),
        ),
        Manner::HostPort(port) => (
            format!(
                "{swarm_service} listens at the port {port} of its nodes (mode=host), which no second one can have"
            ),
            "remove the published port: requests come by canaryd".to_owned(),
        ),
        Manner::Replicated => (
            format!("{swarm_service} is a service of Swarm, and canaryd makes none"),
            format!(
                "make a second service beside {swarm_service} with the new image, the same networks and labels but \
                 another canary.release, and no ports; `canaryctl start` brings it in"
            ),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_beside_itself_is_told_apart() {
        let refused = |manner| {
            let (what, remedy) = refusal("shop_web", manner);
            format!("{what}; {remedy}")
        };
        assert_eq!(
            [Manner::Global, Manner::HostPort(8080), Manner::Replicated].map(refused),
            [
                "shop_web is a global service of Swarm: each node has exactly one task of it; make it a replicated one, \
                 with a second service beside it for the new release",
                "shop_web listens at the port 8080 of its nodes (mode=host), which no second one can have; remove the \
                 published port: requests come by canaryd",
                "shop_web is a service of Swarm, and canaryd makes none; make a second service beside shop_web with the \
                 new image, the same networks and labels but another canary.release, and no ports; `canaryctl start` \
                 brings it in",
            ]
        );
    }
}
