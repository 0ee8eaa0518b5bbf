#!/usr/bin/env python3
"""The live page in a real headless Chromium, of the real terkait on a real
Kafka and Redis: what it shows equals what Redis holds, by keyboard too, in
light and dark, from narrow to wide, and while Redis is away."""

import json
import os
import re
import sys
import unittest
import urllib.error
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
# pylint: disable=wrong-import-position
import kafka
from browser import Browser, program
from live import Published, recount_topic, stats_of, wait_settled
from service import PREFIX, Service, check_module, visits
from settings import defaults
from stack import PrivateRedis, free_port
from streams import START, line

HOSTILE = ["<img src=x onerror=hacked=1>", "</script><script>hacked=1</script>",
           "\"'><b onclick=hacked=1>", "javascript:hacked=1", "../status",
           "a/b?c#d&e=%2F", "\u202eevil", "漢字 \U0001f600", "-", "a" * 128]
TENANT = "<b>warung</b>/ibu"
PAGE_MAX = 120 * 1024
WIDTHS = (320, 360, 414, 768, 1024, 1440, 1920)

# What the page shows of the item that is open.
LISTS = """[...document.querySelectorAll('#lists .list')].map((list) => ({
    window: list.querySelector('h3 span').textContent,
    support: list.querySelector('h3 small').textContent,
    items: [...list.querySelectorAll('.entry')].map((entry) =>
        ['id', 'score', 'count'].map((name) =>
            entry.querySelector('.' + name).textContent))}))"""

PAIRS = """Object.fromEntries([...document.querySelectorAll(%s)].map((row) =>
    [row.firstChild.textContent, row.lastChild.textContent]))"""

# Each text that is shown, its contrast with what is behind it, and the least
# that WCAG AA wants of its size.
CONTRASTS = """(() => {
    const parse = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
    const light = (channel) => channel <= 10.31 ? channel / 3294.6
        : ((channel / 255 + 0.055) / 1.055) ** 2.4;
    const luminance = ([r, g, b]) =>
        0.2126 * light(r) + 0.7152 * light(g) + 0.0722 * light(b);
    const behind = (element) => {
        for (let at = element; at; at = at.parentElement) {
            const color = parse(getComputedStyle(at).backgroundColor);
            if (color.length === 3 || color[3] > 0)
                return color;
        }
        return [255, 255, 255];
    };
    const found = [];
    const walk = document.createTreeWalker(document.body, 4);
    while (walk.nextNode()) {
        const element = walk.currentNode.parentElement;
        const text = walk.currentNode.textContent.trim();
        if (!text || !element.checkVisibility()
            || element.closest('.unseen, .skip, svg, script, style'))
            continue;
        const style = getComputedStyle(element);
        const [a, b] = [luminance(parse(style.color)),
            luminance(behind(element))].sort((x, y) => y - x);
        const is_large = parseFloat(style.fontSize) >= 24;
        found.push([text.slice(0, 40), (a + 0.05) / (b + 0.05),
            is_large ? 3 : 4.5]);
    }
    return found;
})()"""

# Elements that reach beyond the window, outside of what scrolls by itself.
OVERHANGS = """[...document.querySelectorAll('body *')].filter((element) =>
    element.checkVisibility()
    && !element.closest('.unseen, .skip, .plot, .scroll, .id > *')
    && element.getBoundingClientRect().right
        > document.documentElement.clientWidth + 0.5)
    .map((element) => element.tagName + '.' + element.className + ' '
        + element.textContent.slice(0, 40))"""


def setUpModule():
    check_module()
    if program() is None:
        raise unittest.SkipTest("no Chromium here: scripts/deps test")


def hostile_visits(first):
    """Each hostile id together with the one after it: in two sessions of no
    tenant, and in three of one with a name of that kind."""
    found = []
    for number, item in enumerate(HOSTILE):
        other = HOSTILE[(number + 1) % len(HOSTILE)]
        for turn, tenant in enumerate(2 * [None] + 3 * [TENANT]):
            visitor = "h%d-%d" % (number, turn)
            for place, one in enumerate((item, other)):
                event = {"visitor": visitor, "item": one, "category": item,
                         "type": "purchase",
                         "ts": START + (first + number) * 500 + place}
                if tenant:
                    event["tenant"] = tenant
                found.append((visitor.encode(), line(**event)))
    return found


def refused_lines(stamp):
    lines = [b"no json", b"[]", line(visitor=None), line(item=""),
             line(ts="yesterday"), line(type=5), line(tenant=""),
             line(type="swipe"), line(consent=False)]
    return [(b"r", text) for number, text in enumerate(lines)
            for _ in range(1 + number % 4)] \
        + [(b"r", line(ts=stamp - 3_600_000))]


class Opened(unittest.TestCase):
    """One terkait for all tests of a class; each opens the page anew."""

    @classmethod
    def setUpClass(cls):
        cls.topic = kafka.fresh_topic()
        cls.settings = defaults(lists__min_support=1)
        cls.server = PrivateRedis("appendonly no")
        cls.addClassCleanup(cls.server.close)
        cls.browser = Browser()
        cls.addClassCleanup(cls.browser.close)
        cls.events = visits(0, 1500) + hostile_visits(1500)
        kafka.produce(cls.topic, cls.events
                      + refused_lines(START + 1600 * 500))
        cls.port = free_port()
        cls.url = "http://127.0.0.1:%d/" % cls.port
        cls.daemon = cls.start()
        cls.addClassCleanup(lambda: cls.daemon.__exit__())
        cls.recount = recount_topic(cls.topic, cls.settings)
        cls.settle()

    @classmethod
    def start(cls, **more):
        return Service(cls.settings, cls.topic, cls.server.url,
                       http__listen="127.0.0.1:%d" % cls.port, **more)

    @classmethod
    def settle(cls):
        with cls.server.client() as redis:
            found, cls.published = wait_settled(cls.daemon, redis, PREFIX,
                                                cls.recount)
        for difference in found:
            if difference:
                raise AssertionError(str(difference))

    def setUp(self):
        self.tab = self.browser.tab()
        self.tab.resize(1440, 900)
        self.tab.open(self.url)
        self.tab.wait("page.status && page.status.ready")

    def tearDown(self):
        self.tab.close()

    def text(self, selector):
        return self.tab.evaluate("document.querySelector(%s).textContent"
                                 % json.dumps(selector))

    def pairs(self, rows):
        return self.tab.evaluate(PAIRS % json.dumps(rows))

    def focused(self, what="id"):
        return self.tab.evaluate("document.activeElement." + what)

    def open_item(self, item, tenant=None):
        self.tab.evaluate("go_to(%s, %s)" % (json.dumps(item),
                                             json.dumps(tenant or "")))
        self.tab.wait("open_item.item === %s && open_item.tenant === %s "
                      "&& open_item.answer && open_item.answer.item === %s "
                      "&& !document.querySelector('#item-trouble').textContent"
                      % (json.dumps(item), json.dumps(tenant or ""),
                         json.dumps(item)))

    def check_lists(self, item, tenant=None):
        """The item that is open, all relations; how many lists stood there."""
        count = 0
        for relation in self.settings["relations"]:
            self.tab.evaluate("choose_relation(%s)"
                              % json.dumps(relation["name"]))
            for shown in self.tab.evaluate(LISTS):
                key = (relation["name"], shown["window"], tenant, item)
                stands = self.published.lists.get(key, {"items": []})
                self.assertEqual(
                    [[one["id"], one["score"], str(one["count"])]
                     for one in stands["items"]], shown["items"], key)
                if stands["items"]:
                    number = stands["support"]
                    self.assertEqual("in {:,} session{}".format(
                        number, "" if number == 1 else "s"), shown["support"])
                    count += 1
        return count

    def check_quiet(self, *expected):
        """Nothing went wrong in the page but what is expected."""
        self.assertEqual([], [
            text for text in self.tab.troubles()
            if not any(word in text for word in expected)])


class Page(Opened):
    # What it shows

    def test_lists_equal_redis_entry_by_entry(self):
        keys = {key[2:] for key in self.published.lists}
        count = 0
        for tenant, item in sorted(keys, key=repr):
            self.open_item(item, tenant)
            count += self.check_lists(item, tenant)
        self.assertEqual(len(self.published.lists), count)
        self.assertGreater(count, 300)
        self.check_quiet()

    def test_scores_are_printed_as_c_prints_them(self):
        values = [n / 32 for n in range(200)] + [n / 7 for n in range(99)] \
            + [0.03125, 0.00005, 0.99995, 12345.678949, 1e-9, 31250.03125]
        shown = self.tab.evaluate(json.dumps(values) + ".map(score_text)")
        self.assertEqual(["%.4f" % value for value in values], shown)

    def test_figures_equal_the_stats_hash(self):
        self.tab.evaluate("document.querySelector('#all').open = true; 0")
        self.tab.wait("document.querySelectorAll('#figures dt').length > 50")
        with self.server.client() as redis:
            stats = stats_of(redis, PREFIX)
        shown = self.pairs("#figures div")
        for name in ("records_read", "events_accepted", "events_refused",
                     "lists_written", "pair_updates", "rows", "live_pairs",
                     "sessions_open", "refused_late", "refused_json"):
            self.assertEqual(stats[name], shown[name].replace(",", ""), name)

    def test_refusals_by_reason(self):
        with self.server.client() as redis:
            stats = stats_of(redis, PREFIX)
        refused = {name[8:]: int(number) for name, number in stats.items()
                   if name.startswith("refused_") and number != "0"}
        rows = self.tab.evaluate(
            "[...document.querySelectorAll('#refusals li')].map((row) =>"
            "[row.children[0].textContent, row.children[2].textContent])")
        self.assertEqual(refused, {name: int(count) for name, count in rows})
        self.assertGreater(len(refused), 5)
        self.assertEqual(sorted(refused.values(), reverse=True),
                         [int(count) for _, count in rows])

    def test_state_of_kafka_redis_and_groups(self):
        self.assertEqual(["answers", "counting", "answers"], [
            self.text("#%s-word" % who) for who in ("kafka", "engine",
                                                    "redis")])
        self.assertEqual("Up to date", self.text("#state-word"))
        self.assertEqual(self.topic, self.pairs("#kafka-facts div")["topic"])
        self.assertEqual("16", self.pairs("#durable div")["Groups"])
        self.assertEqual("4", self.pairs("#kafka-facts div")["partitions"])
        self.assertEqual(4, self.tab.evaluate(
            "document.querySelectorAll('#partitions tbody tr').length"))
        self.assertTrue(self.tab.evaluate(
            "document.querySelector('#banner').hidden"))

    def test_hot_items_with_their_lists(self):
        stamp = START + 1700 * 500
        kafka.produce(self.topic, [(b"hot%d" % n, line(
            visitor="hot%d" % n, item="sku-4", type="page_view",
            ts=stamp + n)) for n in range(3000)])
        self.tab.wait("document.querySelector('#hot b')?.textContent"
                      " === 'sku-4'")
        self.tab.wait("/^→ /.test(document.querySelector('#hot .goes')"
                      ".textContent)")
        with self.server.client() as redis:
            best = Published(redis, PREFIX).lists[
                "also_viewed", "1h", None, "sku-4"]["items"][:3]
        self.assertEqual("→ " + ", ".join(one["id"] for one in best),
                         self.text("#hot .goes"))
        self.tab.evaluate("document.querySelector('#hot button').click()")
        self.tab.wait("open_item.answer?.item === 'sku-4'")
        type(self).recount = recount_topic(self.topic, self.settings)
        type(self).settle()

    def test_why_tells_what_redis_and_the_counts_say(self):
        relation, item = "also_viewed", "sku-9"
        lists = {key[1]: entry for key, entry in self.published.lists.items()
                 if key[0] == relation and key[2:] == (None, item)}
        other = lists["24h"]["items"][1]["id"]
        self.open_item(item)
        self.tab.evaluate("[...document.querySelectorAll('#lists .list')]"
                          "[1].querySelectorAll('.entry')[1].click()")
        self.tab.wait("document.querySelectorAll('.verdict').length === 3")
        shown = self.tab.evaluate(
            "[...document.querySelectorAll('.verdict')].map((block) => ["
            "block.querySelector('b').textContent,"
            "block.querySelector('h3 span').textContent,"
            "[...block.querySelectorAll('dd')].map((dd) => dd.textContent),"
            "block.querySelector('.formula').textContent])")
        self.assertEqual(["1h", "24h", "7d"], [row[0] for row in shown])
        for window, place, (both, this, _, _), formula in shown:
            items = lists[window]["items"]
            at = [one["id"] for one in items].index(other)
            self.assertEqual("rank %d of %d" % (at + 1, len(items)), place)
            self.assertEqual(str(items[at]["count"]), both)
            self.assertEqual(str(lists[window]["support"]), this)
            counts = self.published.counts[relation, window, None, item]
            self.assertEqual(str(counts[other]), both)
            self.assertIn(items[at]["score"], formula)
        self.check_quiet()

    # Hostile ids

    def test_hostile_ids_are_text(self):
        for item in HOSTILE:
            for tenant in (None, TENANT):
                self.open_item(item, tenant)
                self.assertEqual(item, self.text("#item-title"))
                self.assertGreater(self.check_lists(item, tenant), 0)
        self.tab.evaluate("choose_relation('also_viewed');"
                          "document.querySelector('.entry').click()")
        self.tab.wait("document.querySelector('.verdict')")
        self.assertEqual(0, self.tab.evaluate(
            "document.querySelectorAll("
            "'main img, main script, main b[onclick]').length"))
        self.assertEqual("undefined", self.tab.evaluate("typeof hacked"))
        self.assertEqual([], self.tab.happened("Page.javascriptDialogOpening"))
        self.check_quiet()

    def test_nothing_but_its_own_scripts_may_run(self):
        with urllib.request.urlopen(self.url) as answer:
            policy = answer.headers["Content-Security-Policy"]
            self.assertLess(len(answer.read()), PAGE_MAX)
        self.assertIn("default-src 'none'", policy)
        self.assertNotIn("unsafe", policy)
        self.tab.evaluate("document.body.append(Object.assign("
                          "document.createElement('script'),"
                          "{ textContent: 'hacked = 1' }))")
        self.assertEqual("undefined", self.tab.evaluate("typeof hacked"))
        self.assertTrue([text for text in self.tab.troubles()
                         if "Content Security Policy" in text])

    def test_it_asks_nobody_else(self):
        self.open_item("sku-1")
        requests = self.tab.requests()
        self.assertGreater(len(requests), 2)
        for url in requests:
            self.assertRegex(url, "^(data:image/svg|%s)" % re.escape(self.url))

    # By hand

    def test_search_by_keyboard_alone(self):
        self.tab.press("Slash")
        self.assertEqual("lookup-item", self.focused())
        self.tab.type("sku-9")
        self.tab.press("Enter")
        self.tab.wait("open_item.answer?.item === 'sku-9'")
        self.check_lists("sku-9")
        self.tab.evaluate("choose_relation('also_viewed')")
        while self.focused("className") != "entry":
            self.assertNotEqual("BODY", self.focused("tagName"))
            self.tab.press("Tab")
        self.tab.press("ArrowDown")
        self.tab.press("ArrowRight")
        self.tab.press("ArrowDown")
        stands = self.published.lists["also_viewed", "24h", None, "sku-9"]
        other = stands["items"][2]["id"]
        self.assertEqual(other, self.focused("dataset.id"))
        self.assertEqual("24h", self.focused(
            "closest('.list').querySelector('h3 span').textContent"))
        self.tab.press("Enter")
        self.tab.wait("document.querySelectorAll('.verdict').length === 3")
        self.assertIn(other, self.text("#why-title"))
        self.assertEqual(other, self.focused("dataset.id"))
        while self.focused() != "why-open":
            self.assertNotEqual("BODY", self.focused("tagName"))
            self.tab.press("Tab")
        self.tab.press("Enter")
        self.tab.wait("open_item.answer?.item === %s" % json.dumps(other))
        self.check_lists(other)
        self.check_quiet()

    def test_search_with_a_tenant_and_of_what_is_not_there(self):
        self.tab.press("Slash")
        self.tab.type(HOSTILE[0])
        self.tab.press("Tab")
        self.tab.type(TENANT)
        self.tab.press("Enter")
        self.tab.wait("open_item.answer?.tenant === %s" % json.dumps(TENANT))
        self.assertGreater(self.check_lists(HOSTILE[0], TENANT), 0)
        self.tab.press("Slash", shift=False)
        self.tab.evaluate("document.querySelector('#lookup-item').value = '';"
                          "document.querySelector('#lookup-item').focus()")
        self.tab.type("nobody-saw-this")
        self.tab.press("Enter")
        self.tab.wait("/^Nothing is counted/.test("
                      "document.querySelector('#item-trouble').textContent)")
        self.assertEqual([], self.tab.evaluate(LISTS))
        self.assertIn("Nothing is counted", self.text("#spoken"))
        self.check_quiet("404")

    def test_back_button_and_address(self):
        self.open_item("sku-1")
        self.open_item("sku-4")
        self.tab.evaluate("history.back()")
        self.tab.wait("open_item.answer?.item === 'sku-1'")
        address = self.tab.evaluate("location.href")
        self.tab.open("about:blank")
        self.tab.open(address)
        self.tab.wait("open_item.answer?.item === 'sku-1'")
        self.assertGreater(self.check_lists("sku-1"), 0)

    def test_every_stop_of_the_tab_key_is_seen_and_named(self):
        self.open_item("sku-9")
        stops = set()
        for _ in range(80):
            self.tab.press("Tab")
            if self.focused("tagName") == "BODY":
                break
            stops.add(self.focused("id") or self.focused("tagName"))
            self.assertTrue(self.tab.evaluate("""(() => {
                const at = document.activeElement;
                const seen = at.matches('.choice input')
                    ? at.nextElementSibling : at;
                const style = getComputedStyle(seen);
                return style.outlineStyle !== 'none'
                    && parseFloat(style.outlineWidth) >= 2;
            })()"""), self.focused("outerHTML"))
        self.assertLessEqual({"lookup-item", "lookup-tenant", "LI"}, stops)
        nodes = self.tab.call("Accessibility.getFullAXTree")["nodes"]
        for node in nodes:
            role = node.get("role", {}).get("value")
            if role in ("button", "link", "textbox", "radio", "listbox",
                        "option", "searchbox", "DisclosureTriangle"):
                self.assertTrue(node["name"]["value"].strip(), node)

    def test_landmarks_and_headings(self):
        nodes = self.tab.call("Accessibility.getFullAXTree")["nodes"]
        roles = [node.get("role", {}).get("value") for node in nodes]
        for role in ("banner", "main", "contentinfo", "search", "status"):
            self.assertEqual(1, roles.count(role), role)
        self.assertGreaterEqual(roles.count("region"), 5)
        levels = self.tab.evaluate(
            "[...document.querySelectorAll('h1, h2, h3')].filter((one) =>"
            "one.checkVisibility()).map((one) => Number(one.tagName[1]))")
        self.assertEqual(1, levels[0])
        for before, after in zip(levels, levels[1:]):
            self.assertLessEqual(after, before + 1)

    # How it looks

    def test_contrast_in_light_and_dark(self):
        self.open_item("sku-9")
        self.tab.evaluate("document.querySelector('.entry').click()")
        self.tab.wait("document.querySelector('.verdict')")
        grounds = set()
        for scheme in ("light", "dark"):
            self.tab.media(prefers_color_scheme=scheme)
            found = self.tab.evaluate(CONTRASTS)
            self.assertGreater(len(found), 200)
            self.assertEqual([], [row for row in found if row[1] < row[2]])
            grounds.add(self.tab.evaluate(
                "getComputedStyle(document.body).backgroundColor"))
        self.assertEqual(2, len(grounds))

    def test_colours_chosen_stay_chosen(self):
        self.tab.media(prefers_color_scheme="light")
        scheme = "getComputedStyle(document.documentElement).colorScheme"
        self.assertEqual("light dark", self.tab.evaluate(scheme))
        self.tab.evaluate(
            "document.querySelector('#theme [value=dark]').click()")
        self.assertEqual("dark", self.tab.evaluate(scheme))
        self.tab.open(self.url + "?again")
        self.tab.wait("page.status")
        self.assertEqual("dark", self.tab.evaluate(scheme))
        self.tab.evaluate(
            "document.querySelector('#theme [value=auto]').click()")
        self.assertEqual("light dark", self.tab.evaluate(scheme))

    def test_no_width_scrolls_sideways(self):
        self.open_item("a" * 128)
        self.tab.evaluate("document.querySelector('.entry').click();"
                          "document.querySelector('#all').open = true;"
                          "document.querySelector('#minutes').open = true;")
        self.tab.wait("document.querySelector('.verdict')")
        for width in WIDTHS:
            self.tab.resize(width, 800)
            self.assertEqual([], self.tab.evaluate(OVERHANGS), width)
            self.assertLessEqual(self.tab.evaluate(
                "document.documentElement.scrollWidth"), width)

    def test_little_motion_where_wanted(self):
        moves = "getComputedStyle(document.querySelector('.pipe')," \
            "'::before').animationName"
        self.assertNotEqual("none", self.tab.evaluate(
            "delete document.querySelector('.pipe').dataset.mood, " + moves))
        self.tab.media(prefers_reduced_motion="reduce")
        self.assertEqual("none", self.tab.evaluate(moves))

    def test_charts_have_their_numbers_as_text(self):
        self.tab.wait("history_of.columns[0].length > 2")
        for chart in ("rate", "lag", "fresh"):
            self.assertRegex(self.text("#%s .now" % chart), r"\d|–")
            self.assertEqual("true", self.tab.evaluate(
                "document.querySelector('#%s .plot').ariaHidden" % chart))
            self.assertGreater(self.tab.evaluate(
                "document.querySelector('#%s canvas').width" % chart), 100)
        self.tab.evaluate("document.querySelector('#minutes').open = true; 0")
        self.tab.wait("document.querySelector('#minutes tbody th')"
                      "?.textContent.match(/^\\d\\d:\\d\\d$/)")
        self.assertEqual("0", self.text("#lag .now b"))

    def test_charts_go_on_after_a_reload(self):
        self.tab.wait("history_of.columns[0].length > 3")
        first = self.tab.evaluate("history_of.columns[0][0]")
        self.tab.open(self.url + "?again")
        self.tab.wait("page.status")
        self.assertEqual(first, self.tab.evaluate("history_of.columns[0][0]"))


class Trouble(Opened):
    """The same page while what it needs comes and goes."""

    def banner(self):
        return self.tab.evaluate(
            "[...document.querySelectorAll('#banner:not([hidden]) b')]"
            ".map((one) => one.textContent)")

    def test_redis_away_and_back(self):
        self.open_item("sku-9")
        self.server.kill()
        self.tab.wait("has_reason('redis_away')")
        self.assertIn("Redis is away", self.banner())
        self.assertIn("Redis is away", self.text("#spoken"))
        self.assertEqual("away", self.text("#redis-word"))
        self.assertEqual("cut", self.text("#pipe-out b"))
        self.assertEqual("answers", self.text("#kafka-word"))
        self.open_item("sku-4")
        self.assertGreater(self.check_lists("sku-4"), 0)
        self.server.start()
        self.tab.wait("page.status.ready", 40)
        self.assertEqual([], self.banner())
        self.assertEqual("answers", self.text("#redis-word"))
        self.settle()
        self.open_item("sku-9")
        self.assertGreater(self.check_lists("sku-9"), 0)
        self.check_quiet()

    def test_terkait_gone_and_back(self):
        self.open_item("sku-9")
        self.daemon.kill()
        self.tab.wait("page.is_lost")
        self.assertEqual(["No connection to terkait"], self.banner())
        self.assertIn("No connection", self.text("#spoken"))
        self.assertIn("No connection", self.tab.evaluate("document.title"))
        self.daemon.__exit__()
        type(self).daemon = self.start()
        self.tab.wait("!page.is_lost && page.status.ready", 40)
        self.assertEqual([], self.banner())
        self.settle()
        self.open_item("sku-4")
        self.assertGreater(self.check_lists("sku-4"), 0)

    def test_token(self):
        self.daemon.stop()
        self.daemon.__exit__()
        type(self).daemon = self.start(http__token="rahasia 123")
        self.settle()
        self.tab.wait("!document.querySelector('#token').hidden", 30)
        with self.assertRaises(urllib.error.HTTPError):
            urllib.request.urlopen(self.url + "api/v1/status").close()
        self.assertEqual("token-text", self.focused())
        self.tab.type("wrong")
        self.tab.press("Enter")
        self.tab.wait("sessionStorage.getItem('token') === 'wrong' && "
                      "!document.querySelector('#token').hidden")
        self.tab.type("rahasia 123")
        self.tab.press("Enter")
        self.tab.wait("page.status && !page.is_lost")
        self.open_item("sku-9")
        self.assertGreater(self.check_lists("sku-9"), 0)
        self.tab.close()
        self.tab = self.browser.tab()
        self.tab.open(self.url + "?token=rahasia%20123")
        self.tab.wait("page.status && !page.is_lost")
        self.assertEqual(self.url, self.tab.evaluate("location.href"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
