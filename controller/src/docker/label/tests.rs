use super::*;

/// What comes of labels: the whole text of it.
struct Case {
    labels: HashMap<String, String>,
    image_labels: Option<HashMap<String, String>>,
    exposed: Vec<NonZeroU16>,
    fallback: Discovered,
}

fn map(labels: &[(&str, &str)]) -> HashMap<String, String> {
    labels.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect()
}

fn port(port: u16) -> NonZeroU16 {
    NonZeroU16::new(port).unwrap()
}

/// A container that says whose it is, and these things besides.
fn labelled(labels: &[(&str, &str)]) -> Case {
    let mut labels = map(labels);
    labels.entry(SERVICE.into()).or_insert_with(|| "web".into());
    Case { labels, image_labels: Some(HashMap::new()), exposed: vec![port(8080)], fallback: Discovered::default() }
}

impl Case {
    fn exposing(self, ports: &[u16]) -> Self {
        Self { exposed: ports.iter().map(|number| port(*number)).collect(), ..self }
    }

    fn of_image(self, labels: &[(&str, &str)]) -> Self {
        Self { image_labels: Some(map(labels)), ..self }
    }

    /// The same, when nobody can say any more what its image says.
    fn of_a_gone_image(self) -> Self {
        Self { image_labels: None, ..self }
    }

    fn with(self, fallback: Discovered) -> Self {
        Self { fallback, ..self }
    }

    fn read(&self) -> Result<Option<Attachment>, Vec<String>> {
        let services = [("api", Discovered::default()), ("web", self.fallback.clone())];
        let wanted = Wanted(services.map(|(name, fallback)| (name.parse().unwrap(), fallback)).into());
        let Self { labels, image_labels, exposed, .. } = self;
        let image_labels = image_labels.as_ref();
        Labelled { labels, image_labels, exposed, digest: "sha256:0123456789abcdef" }.attachment(&wanted)
    }

    fn attached(&self) -> Attachment {
        self.read().unwrap().unwrap()
    }

    fn wrong(&self) -> String {
        self.read().unwrap_err().join("\n")
    }
}

#[test]
fn a_label_says_whose_a_container_is_and_the_rest_has_defaults() {
    let Attachment { service, release, port, network, managed, compose } = labelled(&[]).attached();
    assert_eq!((service.as_str(), release.as_str(), port.get()), ("web", "0123456789ab", 8080));
    assert_eq!((network, managed, compose), (None, None, None));
}

#[test]
fn a_label_wins_over_the_service_and_the_service_over_the_image() {
    let fallback = || Discovered { port: Some(port(9000)), network: Some("edge".into()), ..Discovered::default() };
    let attached = labelled(&[]).exposing(&[1, 2]).with(fallback()).attached();
    assert_eq!((attached.port.get(), attached.network.as_deref()), (9000, Some("edge")));
    let labels = [(PORT, "7000"), (NETWORK, "back"), (RELEASE, "v2")];
    let attached = labelled(&labels).exposing(&[]).with(fallback()).attached();
    assert_eq!((attached.port.get(), attached.network.as_deref()), (7000, Some("back")));
    assert_eq!(attached.release.as_str(), "v2");
}

#[test]
fn what_says_nothing_is_nobodys_and_what_only_repeats_its_image_is_told_so() {
    let mut unlabelled = labelled(&[(PORT, "no port")]);
    unlabelled.labels.remove(SERVICE);
    assert_eq!(unlabelled.read(), Ok(None));
    let said =
        "it has `canary.service` from its image alone, which is not believed; write it where the container is made";
    assert_eq!(labelled(&[(PORT, "no port")]).of_image(&[(SERVICE, "web")]).wrong(), said);
    // A label that differs was written where the container was made.
    assert!(labelled(&[]).of_image(&[(SERVICE, "other")]).read().unwrap().is_some());
    let of_image = [(PORT, "no port"), ("canary.app", "x")];
    assert_eq!(labelled(&of_image).of_image(&of_image).attached().port.get(), 8080);
}

#[test]
fn what_does_one_thing_and_ends_is_no_instance() {
    let swarm = "com.docker.swarm.task.id";
    for (key, value) in [(COMPOSE_ONE_OFF, "True"), (TASK, "web"), (swarm, "x")] {
        assert_eq!(labelled(&[(key, value)]).read(), Ok(None), "{key}");
    }
    assert!(labelled(&[(COMPOSE_ONE_OFF, "False")]).read().unwrap().is_some());
}

#[test]
fn canaryds_own_and_those_of_compose_are_known() {
    let compose = [
        ("com.docker.compose.project", "shop"),
        ("com.docker.compose.service", "web"),
        ("com.docker.compose.project.working_dir", "/srv/shop"),
        ("com.docker.compose.project.config_files", "docker-compose.yml"),
    ];
    let origin = labelled(&compose).attached().compose.unwrap();
    assert_eq!((&*origin.project, &*origin.service), ("shop", "web"));
    assert_eq!(
        (origin.working_dir.as_deref(), origin.config_files.as_deref()),
        (Some("/srv/shop"), Some("docker-compose.yml"))
    );
    let copy = labelled(&[
        (MANAGED, "us"),
        (DEPLOYMENT, "d7"),
        ("canary.compose.project", "shop"),
        ("canary.compose.service", "web"),
        ("canary.origin", "0123"),
        ("canary.image", "web:v2"),
        ("canary.restart", "always"),
    ]);
    let Attachment { managed, compose, .. } = copy.attached();
    assert_eq!(managed, Some(Managed { owner: "us".into(), deployment: "d7".into() }));
    assert_eq!(compose.unwrap().project.as_ref(), "shop");
}

#[test]
fn a_service_that_is_not_looked_for_is_named_with_the_nearest() {
    assert_eq!(
        labelled(&[(SERVICE, "wbe")]).wrong(),
        "the label canary.service is `wbe`, and canaryd.toml declares no such service without releases; did you mean \
         `web`? declare it, or change the label"
    );
    assert_eq!(
        labelled(&[(SERVICE, "")]).wrong(),
        "the label canary.service is ``, and canaryd.toml declares no such service without releases; declare it, or \
         change the label"
    );
}

#[test]
fn no_port_is_guessed() {
    let remedy = "add the label canary.port or services.web.docker.port";
    assert_eq!(
        labelled(&[]).exposing(&[8080, 9090]).wrong(),
        format!("it says no port and exposes several (8080, 9090); {remedy}")
    );
    assert_eq!(
        labelled(&[]).exposing(&[]).wrong(),
        format!(
            "it says no port and exposes none; {remedy}, or, if it is a worker that serves no HTTP, remove the label \
             canary.service: it needs no canaryd"
        )
    );
    for text in ["http", "0", "65536", "", "8080/tcp"] {
        let wrong = labelled(&[(PORT, text)]).wrong();
        assert_eq!(wrong, format!("the label canary.port is `{text}`; write a port, such as canary.port=8080"));
    }
}

#[test]
fn all_that_is_wrong_with_a_container_is_said_at_once() {
    assert_eq!(
        labelled(&[("canary.prot", "1"), (PORT, "x"), (NETWORK, ""), (RELEASE, "a b")]).wrong(),
        "there is no label `canary.prot`; did you mean canary.port? the labels are canary.service, canary.port, \
         canary.release, canary.network\n\
         the label canary.port is `x`; write a port, such as canary.port=8080\n\
         its release: `a b` cannot be a name; use 1 to 63 letters, digits, `.`, `_` or `-`, beginning with a letter or \
         a digit; change the label canary.release\n\
         the label canary.network is empty; write one of the container's networks, or remove it"
    );
    let far = labelled(&[("canary.weight\n", "10")]).wrong();
    assert!(far.starts_with("there is no label `canary.weight\\n`; the labels are canary.service"), "{far}");
}

#[test]
fn a_gone_image_may_have_said_it_unless_somebody_else_has_marked_the_container() {
    let wrong = labelled(&[]).of_a_gone_image().wrong();
    assert!(
        wrong.starts_with("its image is gone, so that nobody can tell whether `canary.service` is its own"),
        "{wrong}"
    );
    for mark in [(MANAGED, "1"), ("com.docker.compose.container-number", "1")] {
        assert_eq!(labelled(&[mark]).of_a_gone_image().attached().service.as_str(), "web");
    }
    // Compose writes these on the images that it builds.
    let built = labelled(&[(COMPOSE_PROJECT, "shop"), (COMPOSE_SERVICE, "web")]).of_a_gone_image();
    assert!(built.read().is_err());
}
