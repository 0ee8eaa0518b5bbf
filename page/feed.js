"use strict";

/* Questions to the server, and its news each second. The stream is read by
 * fetch(), for EventSource cannot send a token. */

const SILENCE_MS = 5000;
const WAITS_MS = [500, 1000, 2000, 4000];

class Refused extends Error {
    constructor(status, code, message) {
        super(message);
        this.status = status;
        this.code = code;
    }
}

function token_headers() {
    const token = sessionStorage.getItem("token");
    return token ? { Authorization: "Bearer " + token } : {};
}

/* One that came in the address does not stay there. */
function take_token() {
    const fields = new URLSearchParams(location.search);
    if (!fields.has("token"))
        return;
    sessionStorage.setItem("token", fields.get("token"));
    history.replaceState(null, "", location.pathname + location.hash);
}

async function refusal_of(response) {
    const answer = await response.json().catch(() => ({}));
    return new Refused(response.status, answer.error || "",
        answer.message || "answer " + response.status);
}

async function ask(path) {
    const response = await fetch(path, {
        headers: token_headers(), signal: AbortSignal.timeout(SILENCE_MS),
    });
    if (!response.ok)
        throw await refusal_of(response);
    return response.json();
}

/* Calls `take(name, data)` for each event of a stream of text. */
function event_reader(take) {
    let text = "";
    return (more) => {
        text += more.replaceAll("\r", "");
        for (;;) {
            const end = text.indexOf("\n\n");
            if (end < 0)
                return;
            const lines = text.slice(0, end).split("\n");
            text = text.slice(end + 2);
            const field = (name) => lines
                .filter((line) => line.startsWith(name + ":"))
                .map((line) => line.slice(name.length + 1).trimStart());
            if (field("data").length > 0)
                take(field("event")[0] || "message", field("data").join("\n"));
        }
    };
}

/* One connection, until it ends or falls silent; both throw. */
async function follow_once(take) {
    const stop = new AbortController();
    let timer = 0;
    const wind = () => {
        clearTimeout(timer);
        timer = setTimeout(() => stop.abort(), SILENCE_MS);
    };
    try {
        wind();
        const response = await fetch("api/v1/events", {
            headers: token_headers(), signal: stop.signal, cache: "no-store",
        });
        if (!response.ok)
            throw await refusal_of(response);
        const read = event_reader((name, data) => {
            wind();
            if (name === "status")
                take(JSON.parse(data));
        });
        const reader = response.body
            .pipeThrough(new TextDecoderStream()).getReader();
        for (;;) {
            const { value, done } = await reader.read();
            if (done)
                throw new Error("the stream ended");
            read(value);
        }
    } finally {
        clearTimeout(timer);
        stop.abort();
    }
}

/* For ever. `lose(error)` after each connection that ended; where it returns a
 * promise, that is waited for in place of some seconds. */
async function follow(take, lose) {
    for (let failures = 0; ; failures += 1) {
        try {
            await follow_once((status) => {
                failures = 0;
                take(status);
            });
        } catch (error) {
            const wait = WAITS_MS[Math.min(failures, WAITS_MS.length - 1)];
            await (lose(error)
                || new Promise((resume) => setTimeout(resume, wait)));
        }
    }
}
