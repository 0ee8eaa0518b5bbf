"use strict";

/* One item: its lists of one relation side by side by window, and why one of
 * the others is in them. What is open stands in the address, so a link or the
 * back button brings it again. */

const ITEM_REFRESH_MS = 4000;

const open_item = {
    item: "", tenant: "", relation: "", why: "",
    answer: null, explained: null, turn: 0,
};
let settings = { relations: [], windows: [] };

function query_of(fields) {
    return new URLSearchParams(
        Object.entries(fields).filter(([, value]) => value !== "")).toString();
}

function ask_related(tenant, item) {
    const query = query_of({ tenant });
    return ask("api/v1/related/" + encodeURIComponent(item)
        + (query && "?" + query));
}

/* A trouble here is told beside the lists, which stand. */
function ask_explain(a, b, tenant) {
    return ask("api/v1/explain?" + query_of({ a, b, tenant }))
        .catch((error) => ({ trouble: error }));
}

/* The address */

function go_to(item, tenant, why = "") {
    location.hash = query_of({
        item, tenant, relation: open_item.relation, why,
    });
}

function read_address() {
    const fields = new URLSearchParams(location.hash.slice(1));
    const item = fields.get("item") || "";
    const relation = fields.get("relation") || "";
    if (relation && relation !== open_item.relation)
        choose_relation(relation);
    if (!item)
        return;
    const tenant = fields.get("tenant") || "";
    by_id("lookup-item").value = item;
    by_id("lookup-tenant").value = tenant;
    show_item(item, tenant, fields.get("why") || "");
}

/* Asking */

function show_item(item, tenant, why) {
    const is_other = item !== open_item.item || tenant !== open_item.tenant;
    const asks_why = why !== "" && (is_other || why !== open_item.why);
    if (is_other || why !== open_item.why)
        open_item.explained = null;
    Object.assign(open_item, { item, tenant, why });
    if (is_other)
        open_item.answer = null;
    mark_hot();
    return refresh_item(asks_why ? spoken_why : is_other ? spoken_lists : null);
}

/* Asks again for what is open; only the latest question's answer counts. What
 * the user asked for is spoken. */
async function refresh_item(spoken) {
    const turn = ++open_item.turn;
    const { item, tenant, why } = open_item;
    let trouble = null;
    try {
        const [answer, explained] = await Promise.all([
            ask_related(tenant, item),
            why && ask_explain(item, why, tenant),
        ]);
        if (turn === open_item.turn)
            Object.assign(open_item, { answer, explained });
    } catch (error) {
        trouble = error;
    }
    if (turn !== open_item.turn)
        return;
    if (trouble?.status === 404)
        open_item.answer = null;
    draw_item(trouble);
    if (spoken)
        say(trouble ? trouble_text(trouble) : spoken());
}

/* While there is no connection nothing is asked of itself. */
function keep_item_fresh() {
    if (open_item.item && !page.is_lost && !document.hidden)
        refresh_item(null);
}

function trouble_text(error) {
    if (error.code === "unknown_item")
        return "Nothing is counted for this item" + (open_item.tenant
            ? " of this tenant." : ".")
            + " Ids are compared byte by byte; a tenant’s need its name.";
    if (error instanceof Refused)
        return error.message;
    return "terkait does not answer; it is asked again in a moment.";
}

function spoken_lists() {
    return open_item.relation + ": " + lists_now().map((list) =>
        list.items.length + " in " + list.window).join(", ");
}

function spoken_why() {
    return answers_now().map((answer) => answer.window + ": "
        + (answer.listed ? place_text(answer) : answer.message)).join(", ");
}

/* Relations */

function take_settings(now) {
    if (JSON.stringify(now) === JSON.stringify(settings))
        return;
    settings = now;
    const names = now.relations.map((relation) => relation.name);
    if (!names.includes(open_item.relation))
        open_item.relation = names[0] || "";
    const field = by_id("relations");
    field.hidden = names.length === 0;
    while (field.children.length > 1)
        field.lastElementChild.remove();
    for (const name of names) {
        const input = make("input");
        Object.assign(input, { type: "radio", name: "relation", value: name });
        input.checked = name === open_item.relation;
        field.append(make("label", "", input, make("span", "", name)));
    }
}

function choose_relation(name) {
    open_item.relation = name;
    for (const input of by_id("relations").querySelectorAll("input"))
        input.checked = input.value === name;
    draw_item(null);
}

function relation_text() {
    const relation = settings.relations
        .find((one) => one.name === open_item.relation);
    if (!relation)
        return "";
    const [from, to] = [relation.from.join(", "), relation.to.join(", ")];
    return (from === to ? "Together by " + from : "From " + from + " to " + to)
        + "; the best " + relation.k + " by " + relation.score
        + ", in at least " + plural(relation.min_support, "session") + ".";
}

/* Lists */

function lists_now() {
    return (open_item.answer?.lists || [])
        .filter((list) => list.relation === open_item.relation);
}

function draw_item(trouble) {
    const { item, tenant, answer } = open_item;
    if (!item)
        return;
    write(by_id("item-title"), item);
    write(by_id("item-about"), [tenant && "tenant " + tenant,
        answer?.category && "category " + answer.category,
        answer && "as of " + clock(answer.as_of)].filter(Boolean).join(" · "));
    write(by_id("relation-about"), relation_text());
    by_id("item-trouble").hidden = !trouble;
    write(by_id("item-trouble"), trouble ? trouble_text(trouble) : "");
    const lists = lists_now();
    by_id("lists-hint").hidden = lists.every((list) => !list.items.length);
    keep(by_id("lists"), lists.length, build_list)
        .forEach((column, at) => draw_list(column, lists[at]));
    rove();
    draw_why();
}

function build_list() {
    const column = make("section", "list", make("h3", "", make("span"),
        make("small")), make("p", "partial"), make("p", "empty"), make("ul"));
    column.lastChild.setAttribute("role", "listbox");
    column.querySelector(".partial").textContent =
        "partial: its weakest pairs are not counted";
    column.querySelector(".empty").textContent = "no list";
    return column;
}

function build_entry() {
    const entry = make("li", "entry", make("span", "rank"), make("span", "id"),
        make("span", "score"), make("span", "count"), make("i"));
    entry.setAttribute("role", "option");
    entry.tabIndex = -1;
    return entry;
}

function draw_list(column, list) {
    const [title, partial, empty, entries] = column.children;
    write(title.firstChild, list.window);
    write(title.lastChild, "in " + plural(list.support, "session"));
    partial.hidden = !list.partial;
    empty.hidden = list.items.length > 0;
    entries.hidden = list.items.length === 0;
    entries.setAttribute("aria-label", list.relation + ", " + list.window);
    const best = list.items[0]?.score || 1;
    keep(entries, list.items.length, build_entry)
        .forEach((entry, at) => draw_entry(entry, list.items[at], at, best));
}

function draw_entry(entry, one, at, best) {
    const [rank, id, score, count, bar] = entry.children;
    write(rank, String(at + 1));
    write(id, one.id);
    write(score, score_text(one.score));
    write(count, String(one.count));
    bar.style.transform = "scaleX(" + Math.max(one.score / best, 0) + ")";
    id.title = one.id;
    score.title = "score";
    count.title = "sessions with both";
    entry.dataset.id = one.id;
    entry.setAttribute("aria-label", at + 1 + ", " + one.id + ", score "
        + score_text(one.score) + ", in " + plural(one.count, "session"));
    entry.setAttribute("aria-selected", String(one.id === open_item.why));
}

/* One entry of all lists can be reached by Tab, the others by arrows. */
function rove() {
    const entries = [...by_id("lists").querySelectorAll(".entry")];
    const stop = entries.find((entry) => entry === document.activeElement)
        || entries.find((entry) => entry.tabIndex === 0) || entries[0];
    for (const entry of entries)
        entry.tabIndex = entry === stop ? 0 : -1;
}

function neighbour(entry, key) {
    const columns = [...by_id("lists").querySelectorAll("ul:not([hidden])")];
    const across = columns.indexOf(entry.parentElement);
    const down = [...entry.parentElement.children].indexOf(entry);
    const [dx, dy] = {
        ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0],
        ArrowRight: [1, 0], Home: [0, -down], End: [0, 1e6],
    }[key] || [0, 0];
    const column = columns[across + dx]?.children;
    return column?.[Math.max(0, Math.min(down + dy, column.length - 1))];
}

function press_entry(event) {
    const entry = event.target.closest(".entry");
    if (!entry || event.ctrlKey || event.metaKey || event.altKey)
        return;
    if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        choose_entry(entry);
        return;
    }
    if (!/^(Arrow|Home|End)/.test(event.key))
        return;
    event.preventDefault();
    neighbour(entry, event.key)?.focus();
    rove();
}

function choose_entry(entry) {
    entry.focus({ preventScroll: true });
    rove();
    go_to(open_item.item, open_item.tenant, entry.dataset.id);
    entry.scrollIntoView({ block: "nearest" });
}

/* Why */

function answers_now() {
    return (open_item.explained?.answers || [])
        .filter((answer) => answer.relation === open_item.relation);
}

function place_text(answer) {
    return "rank " + answer.rank + " of " + answer.list_length;
}

function draw_why() {
    const { why, item, explained } = open_item;
    const title = by_id("why-title");
    by_id("why").dataset.open = String(why !== "");
    by_id("why-empty").hidden = why !== "";
    if (why)
        title.replaceChildren("Why ", make("span", "", why), " goes with ",
            make("span", "", item));
    else
        write(title, "Why");
    const answers = answers_now();
    const body = by_id("why-body");
    body.setAttribute("aria-busy", String(why !== "" && !explained));
    keep(body, answers.length, build_verdict)
        .forEach((block, at) => draw_verdict(block, answers[at]));
    by_id("why-go").hidden = why === "";
    by_id("why-hint").hidden = answers.length === 0;
    write(by_id("why-trouble"), explained?.trouble
        ? trouble_text(explained.trouble) : "");
}

function build_verdict() {
    return make("section", "verdict",
        make("h3", "", make("b"), make("span")),
        make("div", "venn", make("i", "only-a"), make("i", "both"),
            make("i", "only-b")),
        make("dl"), make("p", "formula"), make("p", "message"));
}

function draw_verdict(block, answer) {
    const [title, venn, numbers, formula, message] = block.children;
    write(title.firstChild, answer.window);
    write(title.lastChild, answer.listed ? place_text(answer) : "not listed");
    set_mood(title.lastChild, answer.listed ? "good" : "wait");
    const shares = [answer.n_a - answer.c, answer.c, answer.n_b - answer.c];
    [...venn.children].forEach((part, at) => {
        part.style.flexGrow = String(Math.max(shares[at], 0));
        part.hidden = shares[at] <= 0;
    });
    fill(numbers, [["both, c", whole(answer.c)],
        ["this, n_a", whole(answer.n_a)], ["other, n_b", whole(answer.n_b)],
        ["all, N", whole(answer.N)]]);
    write(formula, answer.formula && answer.score_name + ": " + answer.formula);
    message.hidden = answer.listed;
    write(message, answer.message);
}
