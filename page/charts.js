"use strict";

/* Three charts of the last ten minutes, from what came each second. A chart is
 * a picture for those who see it: its numbers stand beside it as text, and by
 * minute in a table. */

const SPAN_S = 600;
const LEAST_S = 60;
const GAP_S = 3;
const FIELDS = ["at", "rate", "lag", "p50", "p99"];
const calm = matchMedia("(prefers-reduced-motion: reduce)");

/* Columns of equal length, by FIELDS; null where nothing is known. */
const history_of = { started: 0, columns: FIELDS.map(() => []) };

function remember(row) {
    const last = history_of.columns[0].at(-1) ?? 0;
    if (row[0] < last - GAP_S)
        history_of.columns = FIELDS.map(() => []); /* a clock went back */
    else if (row[0] <= last)
        return;
    const [times] = history_of.columns;
    if (times.length > 0 && row[0] - last > GAP_S)
        push_row([last + 1, null, null, null, null]);
    push_row(row);
    while (times[0] < row[0] - SPAN_S)
        history_of.columns.forEach((column) => column.shift());
}

function push_row(row) {
    history_of.columns.forEach((column, at) => column.push(row[at]));
}

/* Those of the last `seconds` that are known. */
function known(field, seconds) {
    const [times] = history_of.columns;
    const column = history_of.columns[FIELDS.indexOf(field)];
    const from = (times.at(-1) ?? 0) - seconds;
    return column.filter((value, at) => value !== null && times[at] > from);
}

function mean(values) {
    return values.length > 0
        ? values.reduce((sum, value) => sum + value, 0) / values.length : null;
}

function highest(values) {
    return values.length > 0 ? Math.max(...values) : null;
}

/* A page that is loaded again goes on where it was, unless terkait did not. */
function save_history() {
    sessionStorage.setItem("history", JSON.stringify(history_of));
}

function load_history(started, now) {
    history_of.started = started;
    try {
        const old = JSON.parse(sessionStorage.getItem("history"));
        if (old.started === started && old.columns[0].at(-1) <= now)
            history_of.columns = old.columns;
    } catch {
        /* there was none */
    }
}

/* The charts */

const GRID_STEPS_S = [15, 30, 60, 120, 300];

function see_through(color, alpha) {
    return color.replace("rgb(", "rgba(").replace(")", ", " + alpha + ")");
}

class Chart {
    constructor(id, fields, show, least) {
        this.panel = by_id(id);
        this.plot = this.panel.querySelector(".plot");
        this.plot.setAttribute("aria-hidden", "true");
        this.at = make("small", "at");
        this.panel.querySelector("h3").append(" ", this.at);
        this.columns = fields.map((field) => FIELDS.indexOf(field));
        this.show = show;
        this.least = least;
        this.take_colors();
        this.picture = new uPlot(this.options(), this.data(), this.plot);
        new ResizeObserver(() => this.picture.setSize(this.size()))
            .observe(this.plot);
    }

    take_colors() {
        const style = getComputedStyle(this.plot);
        this.colors = {
            line: style.color, grid: style.borderTopColor,
            text: style.outlineColor,
        };
    }

    size() {
        return {
            width: Math.max(this.plot.clientWidth, 100),
            height: Math.max(this.plot.clientHeight, 60),
        };
    }

    data() {
        return [0, ...this.columns].map((at) => history_of.columns[at]);
    }

    options() {
        const axis = {
            stroke: () => this.colors.text,
            font: "11px Inter, system-ui, sans-serif", ticks: { show: false },
            grid: { stroke: () => this.colors.grid, width: 1 },
        };
        const minute = (time) => clock(time * 1000)
            .slice(0, time % 60 === 0 ? 5 : 8);
        return {
            ...this.size(), padding: [8, 24, 0, 0], legend: { show: false },
            cursor: {
                sync: { key: "time" }, drag: { x: false, y: false }, y: false,
                points: { size: 7, width: 0, fill: () => this.colors.line },
            },
            scales: {
                x: { range: () => this.range_x() },
                y: { range: (_, low, high) => [0, this.top(high)] },
            },
            axes: [
                { ...axis, size: 24, gap: 6, incrs: GRID_STEPS_S, space: 64,
                    values: (_, times) => times.map(minute) },
                { ...axis, size: 52, gap: 6, space: 30,
                    values: (_, values) => values.map(this.show) },
            ],
            series: [{}, ...this.columns.map((_, at) => this.series(at))],
            hooks: { setCursor: [() => this.point()] },
        };
    }

    series(at) {
        return {
            stroke: () => at === 0 ? this.colors.line
                : see_through(this.colors.line, 0.55),
            fill: at > 0 ? undefined
                : () => see_through(this.colors.line, 0.13),
            width: at === 0 ? 1.75 : 1, points: { show: false },
        };
    }

    range_x() {
        const [times] = history_of.columns;
        const now = times.at(-1) ?? Date.now() / 1000;
        return [Math.min(times[0] ?? now, now - LEAST_S), now];
    }

    top(high) {
        return Math.max((high ?? 0) * 1.12, this.least);
    }

    /* What stands under the pointer, in all charts at once. */
    point() {
        const at = this.picture?.cursor.idx;
        const [times, ...columns] = this.data();
        const values = columns.map((column) => column[at])
            .filter((value) => value !== null && value !== undefined);
        write(this.at, values.length === 0 ? "" : "at " + clock(times[at] * 1e3)
            + ": " + values.map(this.show).join(", "));
    }

    draw() {
        this.picture.setData(this.data());
        this.point();
    }

    /* The number of now with its unit, and some beside it. */
    tell([value, unit], beside) {
        const now = this.panel.querySelector(".now");
        write(keep(now, 2, () => make("span"))[0], value);
        write(now.lastElementChild, unit);
        fill(this.panel.querySelector(".beside"), beside);
    }
}

const charts = {};

function make_charts() {
    charts.rate = new Chart("rate", ["rate"], rate, 10);
    charts.lag = new Chart("lag", ["lag"], whole, 10);
    charts.fresh = new Chart("fresh", ["p50", "p99"], duration, 20);
}

function repaint_charts() {
    for (const chart of Object.values(charts)) {
        chart.take_colors();
        chart.picture.redraw(false);
    }
}

function tell_charts(status) {
    const { values, freshness } = status;
    const is_sampled = freshness.count > 0;
    charts.rate.tell([rate(values.events_per_s), "events/s"], [
        ["1 min mean", whole(mean(known("rate", 60)))],
        ["highest", whole(highest(known("rate", SPAN_S)))],
        ["pairs/s", whole(values.pair_updates_per_s)],
    ]);
    charts.lag.tell([whole(values.lag_records),
        values.lag_records === 1 ? "record" : "records"], [
        ["highest", whole(highest(known("lag", SPAN_S)))],
        ["read/s", whole(values.records_per_s)],
        ["behind", duration(values.stream_age_ms)],
    ]);
    const [median, unit] = parts_of_time(is_sampled ? freshness.p50_ms : null);
    charts.fresh.tell([median, unit + (unit && " median")], [
        ["p99",
            is_sampled ? duration(freshness.p99_ms) : NOTHING],
        ["slowest", is_sampled ? duration(freshness.max_ms) : NOTHING],
        ["lists/s", whole(values.lists_per_s)],
    ]);
}

/* One line a minute, the newest first. */
function tell_minutes() {
    const [times] = history_of.columns;
    const body = by_id("minutes").querySelector("tbody");
    const minutes = [...new Set(times.map((at) => Math.floor(at / 60)))]
        .reverse();
    const cells = () => {
        const row = make("tr", "", make("th"));
        row.firstChild.scope = "row";
        row.append(...FIELDS.slice(1).map(() => make("td")));
        return row;
    };
    keep(body, minutes.length, cells).forEach((row, at) => {
        const of = (field) => history_of.columns[FIELDS.indexOf(field)]
            .filter((value, place) => value !== null
                && Math.floor(times[place] / 60) === minutes[at]);
        const middle = of("p50").sort((a, b) => a - b);
        [clock(minutes[at] * 60e3).slice(0, 5), whole(mean(of("rate"))),
            whole(highest(of("lag"))),
            duration(middle[Math.floor(middle.length / 2)]),
            duration(highest(of("p99")))]
            .forEach((text, cell) => write(row.children[cell], text));
    });
}

/* Takes one status. Who wants little motion sees a step each five seconds. */
function chart(status) {
    const { values, freshness, at_ms } = status;
    const is_sampled = freshness.count > 0;
    if (history_of.started !== values.started_at_ms)
        load_history(values.started_at_ms, at_ms / 1000);
    const before = history_of.columns[0].at(-1) ?? 0;
    remember([Math.floor(at_ms / 1000), values.events_per_s, values.lag_records,
        is_sampled ? freshness.p50_ms : null,
        is_sampled ? freshness.p99_ms : null]);
    tell_charts(status);
    const now = history_of.columns[0].at(-1);
    if (!calm.matches || Math.floor(now / 5) !== Math.floor(before / 5))
        Object.values(charts).forEach((each) => each.draw());
    if (by_id("minutes").open)
        tell_minutes();
}
