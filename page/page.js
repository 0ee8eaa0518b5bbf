"use strict";

/* The page itself: one status each second, and what the user does. */

const HOT_MAX = 12;
const GOES_MAX = 3;

const REFUSALS = {
    too_large: "longer than events.max_bytes", json: "not a JSON object",
    type: "type missing or not text", visitor: "visitor missing or no id",
    item: "no item, or one that is no id", ts: "no time, or not readable",
    session: "session is no id", tenant: "tenant is no id",
    future: "ahead by more than events.future",
    late: "behind by more than events.lateness",
};

/* A reason why it is not ready: its title, how bad it is, what follows. */
const REASONS = {
    starting: ["Starting", "wait", "Lists in Redis stand as they were."],
    stopping: ["Stopping", "wait", "What is in memory is being written."],
    kafka_away: ["Kafka is away", "bad",
        "No new events come in; lists stand as they are."],
    redis_away: ["Redis is away", "bad", "Lists can be read here but not there."
        + " Counting goes on in memory and is written when it is back."],
    redis_full: ["Redis is full", "bad",
        "The durable state comes first; lists follow when there is room."],
    held: ["Reading is held", "bad",
        "It goes on as soon as what is in memory was made durable."],
    memory: ["Memory is full", "bad",
        "memory.max is reached, and nothing is left to give up."],
    behind: ["Catching up", "warn", "Lists follow as the backlog is read."],
    stalled: ["The main loop is silent", "bad", "Figures below may be old."],
    lost: ["No connection to terkait", "bad", ""],
};

const page = {
    status: null, is_lost: false, why_lost: "",
    since: new Map(), /* by reason: when it was first heard */
    goes: new Map(), asked: 0, is_asking: false, /* of the hot items */
};

/* What is wrong */

function reasons_now() {
    const reasons = page.status?.reasons || [];
    return page.is_lost ? [{ reason: "lost", message: [page.why_lost,
        page.status && "what is shown is of " + clock(page.status.at_ms),
        "trying again"].filter(Boolean).join("; ") }] : reasons;
}

function has_reason(...names) {
    return reasons_now().some((one) => names.includes(one.reason));
}

function title_of(reason) {
    return REASONS[reason] || [reason.replaceAll("_", " "), "bad", ""];
}

function build_reason() {
    return make("li", "", make("b"), make("span"), make("time"));
}

function draw_banner() {
    const reasons = reasons_now();
    const names = reasons.map((one) => one.reason);
    const now = Date.now();
    for (const name of [...page.since.keys()])
        if (!names.includes(name))
            page.since.delete(name);
    by_id("banner").hidden = reasons.length === 0;
    keep(by_id("banner-list"), reasons.length, build_reason)
        .forEach((row, at) => {
            const { reason, message } = reasons[at];
            if (!page.since.has(reason))
                page.since.set(reason, now);
            const [title, mood, meaning] = title_of(reason);
            set_mood(row, mood);
            write(row.children[0], title);
            write(row.children[1], sentence(message) + " " + meaning);
            const seconds = Math.round((now - page.since.get(reason)) / 1000);
            write(row.children[2], "for " + duration(1000 * seconds));
        });
    document.documentElement.classList.toggle("stale", page.is_lost);
}

/* The state in one word; what is spoken when it changes. */
function draw_state() {
    const [first] = reasons_now();
    const [word, mood] = first ? title_of(first.reason)
        : ["Up to date", "good"];
    const before = by_id("state-word").textContent;
    write(by_id("state-word"), word);
    set_mood(by_id("state"), mood);
    if (before !== word && before !== "Connecting")
        say(word + (first ? ". " + sentence(first.message) : ""));
    document.title = (first ? word + " – " : "") + "terkait";
}

/* Kafka, terkait, Redis */

function station(id, mood, word, facts) {
    set_mood(by_id(id), mood);
    write(by_id(id + "-word"), word);
    fill(by_id(id + "-facts"), facts);
}

function pipe(id, number, is_broken) {
    const element = by_id(id);
    write(element.firstElementChild, is_broken ? "cut" : rate(number));
    set_mood(element, is_broken ? "bad" : number > 0 ? "" : "still");
}

function engine_word({ phase, waits_for }) {
    return has_reason("held") ? "held" : has_reason("stalled") ? "silent"
        : waits_for ? "waits for " + waits_for : phase;
}

function draw_flow(status) {
    const { values, phase, partitions, redis_latency, checkpoint } = status;
    const is_starting = phase === "starting";
    const kafka_away = has_reason("kafka_away") || !values.kafka_up;
    const redis_away = has_reason("redis_away") || !values.redis_up;
    const away = is_starting ? "wait" : "bad";
    station("kafka", kafka_away ? away : "good",
        kafka_away ? "away" : "answers", [
            ["topic", status.settings.topic],
            ["partitions", whole(partitions.length)],
            ["lag", whole(values.lag_records)],
        ]);
    station("engine", has_reason("held", "stalled") ? "bad"
        : phase === "counting" ? "good" : "wait", engine_word(status), [
        ["items", whole(values.rows)], ["live pairs", whole(values.live_pairs)],
        ["sessions", whole(values.sessions_open)],
        ["memory", bytes(values.memory_rss_bytes)],
    ]);
    station("redis", redis_away ? away : values.redis_full ? "warn" : "good",
        redis_away ? "away" : values.redis_full ? "full" : "answers", [
            ["answers in", redis_latency.count && !redis_away
                ? duration(redis_latency.p50_ms) : NOTHING],
            ["durable", checkpoint.age_ms
                ? duration(checkpoint.age_ms) + " ago" : "all"],
            ["groups", whole(checkpoint.groups)],
        ]);
    pipe("pipe-in", values.events_per_s, kafka_away && !is_starting);
    pipe("pipe-out", values.lists_per_s, redis_away && !is_starting);
}

function draw_facts({ values, version, at_ms, settings: rules }) {
    write(by_id("stream-time"), clock(values.stream_time_ms));
    write(by_id("uptime"), duration(at_ms - values.started_at_ms));
    write(by_id("version"), version);
    write(by_id("prefix"), rules.prefix + "related:…");
}

/* Hot items. While the pointer or the focus is on one they keep their order. */

function key_of({ tenant, item }) {
    return JSON.stringify([tenant, item]);
}

function build_hot() {
    const button = make("button", "", make("b", "id"), make("span", "per"),
        make("span", "goes id", make("span", "tenant"), make("span")));
    button.type = "button";
    return make("li", "", button);
}

function hot_in_order(hot) {
    const list = by_id("hot");
    if (!list.matches(":hover, :focus-within"))
        return hot;
    const now = new Map(hot.map((one) => [key_of(one), one]));
    return [...list.children].map(({ dataset: { key } }) => {
        const [tenant, item] = JSON.parse(key);
        return now.get(key) || { tenant, item, per_second: 0 };
    });
}

function draw_hot({ hot }) {
    const items = hot_in_order(hot.slice(0, HOT_MAX));
    by_id("hot-empty").hidden = items.length > 0;
    keep(by_id("hot"), items.length, build_hot).forEach((row, at) => {
        const { tenant, item, per_second } = items[at];
        const [id, per, goes] = row.firstChild.children;
        row.dataset.key = key_of(items[at]);
        Object.assign(row.firstChild.dataset, { tenant, item });
        write(id, item);
        write(per, rate(per_second) + "/s");
        write(goes.firstChild, tenant);
        write(goes.lastChild, page.goes.get(row.dataset.key) || "");
    });
    mark_hot();
    if (!open_item.item && items.length > 0 && !location.hash)
        show_item(items[0].item, items[0].tenant, "");
    refresh_goes(items);
}

function mark_hot() {
    for (const button of by_id("hot").querySelectorAll("button"))
        button.setAttribute("aria-current", String(
            button.dataset.item === open_item.item
            && button.dataset.tenant === open_item.tenant));
}

/* What goes with the hot ones: those that came now, and one more a second. */
async function refresh_goes(items) {
    if (page.is_asking || items.length === 0)
        return;
    page.is_asking = true;
    const news = items.filter((one) => !page.goes.has(key_of(one)));
    page.asked += 1;
    for (const one of [...news, items[page.asked % items.length]])
        page.goes.set(key_of(one), await goes_of(one));
    const wanted = new Set(items.map(key_of));
    for (const key of page.goes.keys())
        if (!wanted.has(key))
            page.goes.delete(key);
    page.is_asking = false;
}

/* The best of the first window that has any. */
async function goes_of({ tenant, item }) {
    try {
        const { lists } = await ask_related(tenant, item);
        const list = lists.find((each) => each.items.length > 0
            && each.relation === open_item.relation);
        return list ? "→ " + list.items.slice(0, GOES_MAX)
            .map((each) => each.id).join(", ") : "no list yet";
    } catch {
        return page.goes.get(key_of({ tenant, item })) || "";
    }
}

/* Refusals, partitions, state */

function draw_refusals({ refused, values }) {
    const counts = Object.entries(refused).filter(([, count]) => count > 0)
        .sort(([, x], [, y]) => y - x);
    const share = values.records_read > 0
        ? 100 * values.events_refused / values.records_read : 0;
    write(by_id("refusals-about"), whole(values.events_refused) + " of "
        + plural(values.records_read, "record") + " since the start, "
        + share.toFixed(share < 1 ? 2 : 1) + THIN + "%");
    const most = counts[0]?.[1];
    const build = () => make("li", "", make("span"), make("small"), make("b"),
        make("i"));
    keep(by_id("refusals"), counts.length, build).forEach((row, at) => {
        const [reason, count] = counts[at];
        write(row.children[0], reason);
        write(row.children[1], REFUSALS[reason] || "");
        write(row.children[2], whole(count));
        row.children[3].style.transform = "scaleX(" + count / most + ")";
    });
    write(by_id("passed-over"), "Passed over, which is no fault: "
        + whole(values.events_ignored) + " of a type that is not counted, "
        + whole(values.events_no_consent) + " without consent.");
}

function draw_partitions({ partitions }) {
    const build = () => {
        const row = make("tr", "", make("th"), make("td"), make("td"),
            make("td"));
        row.firstChild.scope = "row";
        return row;
    };
    keep(by_id("partitions").tBodies[0], partitions.length, build)
        .forEach((row, at) => {
            const one = partitions[at];
            [String(one.partition), grouped.format(one.position),
                whole(one.lag), one.event_lag_ms === null ? NOTHING
                    : duration(one.event_lag_ms) + " ago"]
                .forEach((text, cell) => write(row.children[cell], text));
        });
}

function warn_above(number, limit) {
    return number > limit ? "warn" : "";
}

function draw_durable({ checkpoint: one, values, redis_latency }) {
    fill(by_id("durable"), [
        ["Oldest news not yet durable", duration(one.age_ms),
            warn_above(one.age_ms, 4 * one.interval_ms)],
        ["Checkpoint each", duration(one.interval_ms)],
        ["Latest took", duration(one.duration_ms)],
        ["Groups", whole(one.groups)],
        ["Checkpoints written", whole(one.written)],
        ["Of them whole groups", whole(one.bases)],
        ["Written in all", bytes(one.bytes)],
        ["Snapshots of sessions", whole(one.snapshots)],
        ["Groups read back", whole(one.in_doubt), warn_above(one.in_doubt, 0)],
        ["Groups found rolled back", whole(one.rolled_back),
            warn_above(one.rolled_back, 0)],
        ["Redis answers, 99 of 100", redis_latency.count
            ? duration(redis_latency.p99_ms) : NOTHING],
        ["Redis reconnects", whole(values.redis_reconnects)],
    ]);
}

function draw_memory({ values }) {
    const cap = (name, number) => [name, whole(number), warn_above(number, 0)];
    fill(by_id("memory"), [
        ["Process", bytes(values.memory_rss_bytes)],
        ["Sessions, ids and rows", bytes(values.memory_engine_bytes)],
        ["Lists known", bytes(values.memory_publish_bytes)],
        ["Ids held", whole(values.items)],
        ["Rows", whole(values.rows)],
        ["Live pairs", whole(values.live_pairs)],
        cap("Rows cut at row.max_pairs", values.rows_cut),
        cap("Pairs dropped by it", values.pairs_dropped),
        cap("Sessions forgotten, cap hit", values.sessions_forgotten_full),
        cap("Items pushed out of sessions", values.session_items_pushed_out),
        ["Older than all windows", whole(values.contributions_too_old)],
        ["Keys of Redis gone early", whole(values.redis_keys_missing),
            warn_above(values.redis_keys_missing, 0)],
    ]);
}

function draw_figures({ values }) {
    fill(by_id("figures"), Object.entries(values).map(([name, value]) => [name,
        name.endsWith("_at_ms") || name === "stream_time_ms" ? clock(value)
            : grouped.format(value)]));
}

/* News */

function take_status(status) {
    page.status = status;
    page.is_lost = false;
    by_id("token").hidden = true;
    take_settings(status.settings);
    draw_banner();
    draw_state();
    draw_facts(status);
    draw_flow(status);
    chart(status);
    draw_hot(status);
    draw_refusals(status);
    draw_partitions(status);
    draw_durable(status);
    draw_memory(status);
    if (by_id("all").open)
        draw_figures(status);
}

/* Resolves when a token was given, should it be that which lacks. */
function lose(error) {
    page.is_lost = error.status !== 401;
    page.why_lost = error instanceof Refused ? error.message : "";
    draw_banner();
    if (error.status !== 401) {
        draw_state();
        return undefined;
    }
    by_id("token").hidden = false;
    write(by_id("state-word"), "Token wanted");
    by_id("token-text").focus();
    return new Promise((resume) => by_id("token").addEventListener("submit",
        resume, { once: true }));
}

/* Colours */

function choose_theme(name) {
    if (name === "auto")
        delete document.documentElement.dataset.theme;
    else
        document.documentElement.dataset.theme = name;
    localStorage.setItem("theme", name);
    repaint_charts();
}

function listen_to_theme() {
    const stored = localStorage.getItem("theme") || "auto";
    const field = by_id("theme");
    for (const input of field.querySelectorAll("input"))
        input.checked = input.value === stored;
    field.addEventListener("change", (event) =>
        choose_theme(event.target.value));
    matchMedia("(prefers-color-scheme: dark)")
        .addEventListener("change", repaint_charts);
    choose_theme(stored);
}

function listen_to_search() {
    by_id("lookup").addEventListener("submit", (event) => {
        event.preventDefault();
        const before = location.hash;
        go_to(by_id("lookup-item").value, by_id("lookup-tenant").value);
        if (location.hash === before)
            read_address();
    });
    document.addEventListener("keydown", (event) => {
        if (event.key !== "/" || event.ctrlKey || event.metaKey
            || event.target.matches("input:not([type=radio])"))
            return;
        event.preventDefault();
        by_id("lookup-item").focus();
        by_id("lookup-item").select();
    });
}

function listen_to_items() {
    by_id("hot").addEventListener("click", (event) => {
        const button = event.target.closest("button");
        if (button)
            go_to(button.dataset.item, button.dataset.tenant);
    });
    by_id("relations").addEventListener("change", (event) => {
        choose_relation(event.target.value);
        page.goes.clear();
    });
    by_id("lists").addEventListener("keydown", press_entry);
    by_id("lists").addEventListener("click", (event) => {
        const entry = event.target.closest(".entry");
        if (entry)
            choose_entry(entry);
    });
    by_id("why-open").addEventListener("click", () =>
        go_to(open_item.why, open_item.tenant));
    by_id("why-close").addEventListener("click", () => {
        go_to(open_item.item, open_item.tenant);
        by_id("lists").querySelector(".entry[tabindex='0']")?.focus();
    });
}

function listen() {
    by_id("token").addEventListener("submit", (event) => {
        event.preventDefault();
        sessionStorage.setItem("token", by_id("token-text").value);
        by_id("token-text").value = "";
    });
    by_id("minutes").addEventListener("toggle", tell_minutes);
    by_id("all").addEventListener("toggle", () =>
        page.status && draw_figures(page.status));
    addEventListener("hashchange", read_address);
    addEventListener("pagehide", save_history);
    listen_to_search();
    listen_to_items();
}

take_token();
make_charts();
listen_to_theme();
listen();
read_address();
setInterval(() => page.is_lost && draw_banner(), 1000);
setInterval(keep_item_fresh, ITEM_REFRESH_MS);
follow(take_status, lose);
