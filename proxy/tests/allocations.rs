//! The way of a request through match, pick and score allocates nothing. A binary of its own, as the allocator that
//! counts is one for the whole process.

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
    use std::time::{Duration, Instant};

    use allocation_counter::measure;
    use canary_config::cohort::Assignment;
    use canary_config::rule::Rule;
    use canary_config::weight::Weight;
    use canary_proxy::cohort::{Cohort, CohortKey, Salt};
    use canary_proxy::dice;
    use canary_proxy::hearing::Hearing;
    use canary_proxy::ledger::Ledger;
    use canary_proxy::outcome::Outcome;
    use canary_proxy::pool::{Backend, BackendId, Pool};
    use canary_proxy::routes::{RouteReader, RouteWriter, cell};
    use canary_proxy::rules::{Asked, bare_host};
    use canary_proxy::slow_start::{SUCCESSES_NEEDED, SlowStart};
    use canary_proxy::table::{Asker, Canary, Pick, Route};
    use canary_proxy::track::Track;
    use canary_proxy::witness::{Noted, Witness};
    use http::{HeaderMap, HeaderValue, Method, StatusCode};

    const REQUESTS: u16 = 10_000;
    const SERVICES: u16 = 50;
    /// The rule of the service that serves, which looks at all that there is to look at.
    const RULE: &str = "!Host(`*.example`) && (Path(`/`) || PathPrefix(`/api`)) && HostRegexp(`^s[0-9]+[.]test$`) \
        && PathRegexp(`^/api/[a-z]+$`) && Method(`GET`) && Header(`X-A`, `b`) && HeaderRegexp(`X-A`, `^[a-z]$`) \
        && Query(`debug`) && QueryRegexp(`q`, `^[0-9]+$`) && ClientIP(`127.0.0.0/8`) && Host(`*`) && Host(`s7.test`)";

    #[expect(clippy::disallowed_methods, reason = "a test may start anywhere in time")]
    fn start() -> Instant {
        Instant::now()
    }

    fn pool(release: &str, first_port: u16) -> Pool {
        let at = |port| {
            let address = ([127, 0, 0, 1], port).into();
            Arc::new(Backend::new(BackendId::configured(address), address))
        };
        let ready = (first_port..first_port + 3).map(at).collect();
        Pool { release: release.parse().unwrap(), ready, meter: Arc::default() }
    }

    /// Counts the failures that it hears of.
    #[derive(Debug, Default)]
    struct Counter(AtomicU64);

    impl Witness for Counter {
        fn failed(&self) {
            self.0.fetch_add(1, Relaxed);
        }

        fn noted(&self, _: Noted) {}
    }

    /// A try that is heard, its requests divided like this.
    fn hearing(assignment: &Assignment, slow_start: SlowStart) -> (Arc<Hearing>, Arc<Counter>) {
        let counter = Arc::<Counter>::default();
        let hearing = Hearing {
            slow_start: Arc::new(slow_start),
            cohort: Cohort::of(assignment, 1, Salt::derive(&[7; 32], "web", 1), start()),
            witness: Some(Arc::clone(&counter) as Arc<dyn Witness>),
            ..Hearing::default()
        };
        (Arc::new(hearing), counter)
    }

    fn route(number: u16, ledger: &Arc<Ledger>, hearing: &Arc<Hearing>) -> Arc<Route> {
        let near = format!("Host(`s{number}.test`) && PathPrefix(`/api`)");
        let rule = Rule::parse(if number == 7 { RULE } else { &near }).unwrap();
        let route = Route::new(format!("service-{number}").parse().unwrap(), rule, pool("v1", 1_000));
        Arc::new(Route { canary: canary(ledger, hearing), ..route })
    }

    fn canary(ledger: &Arc<Ledger>, hearing: &Arc<Hearing>) -> Option<Canary> {
        Canary::new(pool("v2", 2_000), Weight::from_bp(2_500).unwrap(), Arc::clone(ledger), Arc::clone(hearing))
    }

    fn published(ledger: &Arc<Ledger>, hearing: &Arc<Hearing>) -> (RouteWriter, RouteReader) {
        let (mut writer, reader) = cell();
        writer.publish((0..SERVICES).map(|number| route(number, ledger, hearing)).collect());
        (writer, reader)
    }

    /// One request as `service` treats it: match, pick, begin, fail over once in a while, end, score, note.
    fn serve(routes: &RouteReader, headers: &HeaderMap, number: u16, now: Instant) {
        let (host, query, client) = (bare_host("s7.test:8080"), Some("q=7&debug"), Some([127, 0, 0, 1].into()));
        let asked = Asked::new(host, "/api/users", query, &Method::GET, headers, client);
        let route = routes.load().route(&asked).cloned().unwrap();
        assert_eq!(route.service.as_str(), "service-7");
        route.budget.pay_in();
        // Every other one has a key, which says nothing where nobody asks for it.
        let key = number.is_multiple_of(2).then(|| CohortKey(u64::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15)));
        let mut pick = dice::with(|rng| route.pick(&Asker { key, ..Asker::default() }, rng)).unwrap();
        let outcome = Outcome::ALL[usize::from(number) % Outcome::ALL.len()];
        finish(&mut pick, outcome, Duration::from_micros(number.into()), now);
        if outcome == Outcome::Reset && route.budget.take() {
            let mut pick = route.fail_over(&pick.backend.id).unwrap();
            finish(&mut pick, Outcome::Success, Duration::from_millis(1), now);
        }
    }

    fn finish(pick: &mut Pick, outcome: Outcome, took: Duration, now: Instant) {
        let underway = pick.backend.meter.begin();
        pick.backend.meter.end(outcome, took);
        pick.sent(now);
        pick.answered(outcome);
        pick.score(outcome, took);
        pick.pool().meter.answers().note(Some(StatusCode::OK), took);
        drop(underway);
    }

    fn allocates_nothing(hearing: &Arc<Hearing>) -> Arc<Ledger> {
        let ledger = Arc::<Ledger>::default();
        let (_writer, routes) = published(&ledger, hearing);
        // What a thread makes for itself once, as its dice and what it needs to search, is made here.
        let headers = HeaderMap::from_iter([("x-a".parse().unwrap(), HeaderValue::from_static("b"))]);
        let now = start();
        serve(&routes, &headers, 0, now);
        let made = measure(|| (0..REQUESTS).for_each(|number| serve(&routes, &headers, number, now)));
        assert_eq!((made.count_total, made.bytes_total), (0, 0));
        assert!(ledger.arm(Track::Stable).failures() > 0 && ledger.arm(Track::Canary).failures() > 0);
        ledger
    }

    #[test]
    fn match_pick_and_score_allocate_nothing() {
        let (hearing, counter) = hearing(&Assignment::Request, SlowStart::open());
        let ledger = allocates_nothing(&hearing);
        let canary = ledger.arm(Track::Canary);
        let heard = canary.failures() + canary.ended_by(Outcome::Unanswered);
        assert_eq!(counter.0.load(Relaxed), heard, "every failure of the canary is heard, and no other");
    }

    #[test]
    fn nor_do_they_in_slow_start() {
        let (hearing, _) = hearing(&Assignment::Request, SlowStart::new());
        let ledger = allocates_nothing(&hearing);
        let successes: u64 = ledger.arm(Track::Canary).successes().counts().iter().sum();
        assert!(hearing.slow_start.is_open() && successes > SUCCESSES_NEEDED, "both sides of its end were seen");
    }

    #[test]
    fn nor_do_they_where_the_draw_goes_by_a_key() {
        let (hearing, _) = hearing(&Assignment::Ip, SlowStart::open());
        allocates_nothing(&hearing);
    }

    #[test]
    fn the_counter_counts() {
        assert_eq!(measure(|| drop(std::hint::black_box(Box::new(1_u64)))).count_total, 1);
    }
}
