"use strict";

/* Numbers, times and elements. Whatever came from outside becomes text by
 * textContent, never markup. */

const NOTHING = "–";
const THIN = "\u202f";
const grouped = new Intl.NumberFormat("en");
const compact = new Intl.NumberFormat("en", {
    notation: "compact", maximumSignificantDigits: 3,
});

function whole(number) {
    if (number === null || number === undefined)
        return NOTHING;
    if (Math.abs(number) < 100000)
        return grouped.format(Math.round(number));
    return compact.format(number).replace("K", "k")
        .replace(/([kMBT])$/, THIN + "$1");
}

function rate(number) {
    return number < 10 ? String(Math.round(number * 10) / 10) : whole(number);
}

function bytes(number) {
    const units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let at = 0;
    while (number >= 1000 && at + 1 < units.length) {
        number /= 1024;
        at += 1;
    }
    const digits = at > 0 && number < 100 ? 1 : 0;
    return number.toFixed(digits) + THIN + units[at];
}

/* [number, unit], so that the unit can be set smaller. */
function parts_of_time(ms) {
    if (ms === null || ms === undefined)
        return [NOTHING, ""];
    if (ms < 1000)
        return [ms < 10 ? String(Math.round(ms * 10) / 10)
            : String(Math.round(ms)), "ms"];
    if (ms < 120e3)
        return [(ms / 1000).toFixed(ms < 20e3 && ms % 1000 ? 1 : 0), "s"];
    if (ms < 120 * 60e3)
        return [String(Math.floor(ms / 60e3)), "min"];
    if (ms < 48 * 3600e3)
        return [String(Math.floor(ms / 3600e3)), "h"];
    return [String(Math.floor(ms / 86400e3)), "d"];
}

function duration(ms) {
    return parts_of_time(ms).join(THIN).trim();
}

function clock(ms) {
    return ms > 0 ? new Date(ms).toLocaleTimeString("en-GB") : NOTHING;
}

/* Four decimals as C prints them, and so as they stand in Redis: a tie goes to
 * the even digit. Ties are odd multiples of 1/32 and nothing else. */
function score_text(score) {
    if (score * 32 % 2 !== 1)
        return score.toFixed(4);
    const below = Math.floor(score * 10000);
    return ((below + below % 2) / 10000).toFixed(4);
}

function plural(number, word) {
    return whole(number) + " " + word + (number === 1 ? "" : "s");
}

function sentence(text) {
    return text.charAt(0).toUpperCase() + text.slice(1) + ".";
}

/* Elements */

function by_id(id) {
    return document.getElementById(id);
}

function write(element, text) {
    if (element.textContent !== text)
        element.textContent = text;
}

function make(tag, name, ...children) {
    const element = document.createElement(tag);
    if (name)
        element.className = name;
    element.append(...children);
    return element;
}

/* Makes `parent` have this many children; those that stand stay. */
function keep(parent, count, build) {
    while (parent.children.length > count)
        parent.lastElementChild.remove();
    while (parent.children.length < count)
        parent.append(build());
    return [...parent.children];
}

/* Rows [name, value, mood] of a <dl>, in place. */
function fill(dl, rows) {
    const build = () => make("div", "", make("dt"), make("dd"));
    keep(dl, rows.length, build).forEach((row, at) => {
        const [name, value, mood] = rows[at];
        write(row.firstChild, name);
        write(row.lastChild, value);
        set_mood(row.lastChild, mood);
    });
}

function set_mood(element, mood) {
    if (mood)
        element.dataset.mood = mood;
    else
        delete element.dataset.mood;
}

function say(text) {
    write(by_id("spoken"), text);
}
