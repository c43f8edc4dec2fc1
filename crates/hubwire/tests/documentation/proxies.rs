//! The proxies' configuration in the guide is what the tests with real proxies run.

const GUIDE: &str = include_str!("../../../../docs/proxies.md");

const TESTED: [&str; 7] = [
    include_str!("../../../../tests/proxies/config/haproxy.cfg"),
    include_str!("../../../../tests/proxies/config/haproxy-https.cfg"),
    include_str!("../../../../tests/proxies/config/haproxy-limits.cfg"),
    include_str!("../../../../tests/proxies/config/haproxy-nodes.cfg"),
    include_str!("../../../../tests/proxies/config/nginx.conf"),
    include_str!("../../../../tests/proxies/config/nginx-https.conf"),
    include_str!("../../../../tests/proxies/config/nginx-limits.conf"),
];

#[test]
fn the_guide_shows_the_configuration_that_is_tested_and_no_other() {
    let shown: Vec<_> = ["```nginx\n", "```haproxy\n"]
        .into_iter()
        .flat_map(|fence| GUIDE.split(fence).skip(1))
        .map(|rest| rest.split("```").next().unwrap())
        .collect();
    for tested in TESTED {
        assert!(shown.contains(&tested), "{tested}");
    }
    assert_eq!(shown.len(), TESTED.len());
}
