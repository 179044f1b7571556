/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The dashboard's page. All numbers come from data/index.js, data/p-*.js and
 * data/c/*.js, where kduel wrote them; this file filters, sorts, draws and says them. Every
 * text of others becomes a text node, never markup. What is shown is in the
 * address behind '#', so that it can be sent and reloaded.
 */
"use strict";
(() => {
/* The columns of a row, a series and what a row's flags mean: site-campaign.c. */
const SERIES = 0, BASE = 1, ARM = 2, VERDICT = 3, N = 4, REASON = 5, FLAGS = 6, EFFECT = 7, LO = 8, HI = 9,
	SDE = 10, BASE_VALUE = 11, ARM_VALUE = 12, OWN = 13;
const CELL = 0, BACKING = 1, WORKLOAD = 3, METRIC = 4, POINT = 5, UNIT = 6, BETTER = 8;
const GATE = 1, ABSOLUTE = 2, FOLLOWED = 4;
const VIEWS = { campaigns: "Campaigns", history: "History", kernels: "Two kernels", heat: "Heat map", controls: "A/A" };
const FILTERS = ["machine", "domain", "backing", "workload", "kernel"];
let D, state = {}, shown = [], charts = [];
const details = new Map();

/* --- elements ------------------------------------------------------------------ */

const $ = id => document.getElementById(id);
function el(tag, attrs, ...children)
{
	const svg = ["svg", "circle", "line", "text", "g", "rect"].includes(tag);
	const e = svg ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
	for (const [k, v] of Object.entries(attrs || {}))
		if (k.startsWith("on"))
			e.addEventListener(k.slice(2), v);
		else if (v !== undefined && v !== null && v !== false)
			e.setAttribute(k, v === true ? "" : v);
	e.append(...children.flat().filter(c => c !== null && c !== undefined && c !== false));
	return e;
}
const say = text => { $("status").textContent = text; };
const cmp = (a, b) => a < b ? -1 : a > b ? 1 : 0;
const natural = new Intl.Collator("en", { numeric: true }).compare;
const uniq = list => [...new Set(list)].sort(natural);

/* A table; each row is a list of cells: texts, elements, or [class, ...]. */
function table(caption, heads, rows, cls)
{
	const cell = (c, tag) => Array.isArray(c) ? el(tag, { class: c[0] }, ...c.slice(1)) : el(tag, null, c);
	return el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": caption },
		el("table", { class: cls }, el("caption", null, caption),
			el("thead", null, el("tr", null, heads.map(h => Array.isArray(h)
				? el("th", { scope: "col", class: h[0] }, h[1]) : el("th", { scope: "col" }, h)))),
			el("tbody", null, rows.map(r => r instanceof Node ? r : el("tr", null, r.map(c => cell(c, "td")))))));
}
/* Many rows: the first of them, and a button for the rest. */
function longTable(caption, heads, rows, make, cls, first = 60)
{
	const t = table(caption, heads, rows.slice(0, first).map(make), cls);
	if (rows.length > first)
		t.append(el("button", { type: "button", class: "more", onclick: e => {
			e.target.remove();
			t.querySelector("tbody").append(...rows.slice(first).map(r => el("tr", null,
				make(r).map(c => Array.isArray(c) ? el("td", { class: c[0] }, ...c.slice(1)) : el("td", null, c)))));
		} }, `Show ${rows.length - first} more`));
	return t;
}
/* Names that are not broken at their hyphens; what is longer than a line ends in dots. */
const kernels = list => el("span", { class: "kernels" }, list.map((k, i) =>
	el("span", { title: (k.length > 24 || k !== stem(k)) && k.length <= 300 ? k : null },
		stem(k) + (i + 1 < list.length ? "," : ""))));
/* A kernel that a file beside its campaign describes is called as the file is. */
const stem = k => k.replace(/^\.?\/(?:.*\/)?([^/]+)\.yaml$/, "$1");
const name = text => el("span", { class: "name", title: text.length > 300 ? null : text }, text);
function verdict(v, count)
{
	const sign = { regressed: "▲ ", improved: "▼ " }[v] || "";
	return el("span", { class: "v " + v.split(" ")[0] }, sign + (count === undefined ? v : count + " " + v));
}

/* --- numbers as text --------------------------------------------------------------- */

const digits = v => Number(v.toPrecision(3)).toString();
const value = (v, unit) => v === null ? "–" : digits(v) + (unit ? " " + unit : "");
/* With the decimals that half an interval of that width leaves. */
const percent = (v, half = Math.abs(v) / 8) => (v > 0 ? "+" : v < 0 ? "−" : "") +
	Math.abs(100 * v).toFixed(half >= .1 ? 0 : half >= .01 ? 1 : 2) + "%";
function effect(row, unit)
{
	if (row[EFFECT] === null)
		return "–";
	if (row[FLAGS] & ABSOLUTE)
		return `${value(row[EFFECT], unit)} [${digits(row[LO])}, ${digits(row[HI])}]`;
	if (row[LO] === row[HI])
		return percent(row[EFFECT]) + " (exact)";
	const half = (row[HI] - row[LO]) / 2;
	return `${percent(row[EFFECT], half)} [${percent(row[LO], half)}, ${percent(row[HI], half)}]`;
}
const share = v => (100 * v).toFixed(1) + "%";
const date = t => t ? new Date(1000 * t).toISOString().slice(0, 16).replace("T", " ") : "not begun";
const seriesName = s => `${s[CELL]} ${s[METRIC]}${s[POINT] ? " " + s[POINT] : ""}`;

/* --- state and filters ---------------------------------------------------------------- */

const url = more => "#" + new URLSearchParams(Object.entries({ ...state, ...more }).filter(([, v]) => v));
function go(more, quiet)
{
	state = Object.fromEntries(new URLSearchParams(url(more).slice(1)));
	history[quiet ? "replaceState" : "pushState"](null, "", url({}));
	if (!quiet)
		render();
}
const takesSeries = s => (!state.backing || s[BACKING] === state.backing) &&
	(!state.workload || s[WORKLOAD] === state.workload);
const takesCampaign = c => (!state.machine || c.machine === state.machine) &&
	(!state.domain || c.domain === state.domain) &&
	(!state.kernel || c.arms.some(a => a.kernel === state.kernel)) &&
	(!(state.backing || state.workload) || c.rows.some(r => takesSeries(D.series[r[SERIES]])));
const newest = (a, b) => b.begun - a.begun;

function select(label, key, options, none)
{
	const s = el("select", { onchange: e => go({ [key]: e.target.value, z: "" }) },
		none === undefined ? [] : el("option", { value: "" }, none),
		options.map(o => Array.isArray(o) ? el("option", { value: o[0] }, o[1]) : el("option", { value: o }, o)));
	s.value = state[key] || "";
	if (s.selectedIndex < 0)
		s.selectedIndex = 0;
	return el("label", null, label, s);
}
function filters()
{
	const all = { machine: D.campaigns.map(c => c.machine), domain: D.campaigns.map(c => c.domain),
		backing: D.series.map(s => s[BACKING]), workload: D.series.map(s => s[WORKLOAD]),
		kernel: D.campaigns.flatMap(c => c.arms.map(a => a.kernel)) };
	$("filters").replaceChildren(...FILTERS.map(f => select(f[0].toUpperCase() + f.slice(1), f, uniq(all[f]), "all")),
		el("button", { type: "button", onclick: () => go(Object.fromEntries(FILTERS.map(f => [f, ""]))) }, "Clear"),
		el("button", { type: "button", onclick: download }, "Download what is shown (CSV)"));
}

/* What the view shows, as rows of texts: filled by each view. */
function download()
{
	const quote = c => /[",\n]/.test(c) ? `"${String(c).replaceAll('"', '""')}"` : String(c ?? "");
	const blob = new Blob([shown.map(r => r.map(quote).join(",")).join("\n") + "\n"], { type: "text/csv" });
	const a = el("a", { href: URL.createObjectURL(blob), download: `kduel-${state.view || "campaigns"}.csv` });
	a.click();
	URL.revokeObjectURL(a.href);
	say(`${shown.length - 1} rows are in the file`);
}
function rowsCsv(list)
{
	shown = [["campaign", "folder", "begun", "series", "baseline", "arm", "kernel", "unit", "baseline_value", "arm_value",
		"effect", "lo", "hi", "n", "detects", "verdict", "reason"],
	...list.map(([c, r]) => [c.name, c.folder, date(c.begun), seriesName(D.series[r[SERIES]]), c.arms[r[BASE]].name,
		c.arms[r[ARM]].name, c.arms[r[ARM]].kernel, D.series[r[SERIES]][UNIT], r[BASE_VALUE], r[ARM_VALUE], r[EFFECT], r[LO],
		r[HI], r[N], r[SDE], D.verdicts[r[VERDICT]], c.reasons[r[REASON]] || ""])];
}

/* --- campaigns ---------------------------------------------------------------------- */

const failed = c => c.arms.reduce((n, a) => n + a.failed, 0);
/* What could not be measured, apart from what got worse. */
function trouble(c)
{
	const list = c.arms.filter(a => a.failed).map(a => `${a.name}: ${a.failed} of ${a.boots} boots failed (${a.failures})`);
	const voids = c.arms.filter(a => a.voids).map(a => `${a.name}: ${a.voids} of ${a.samples} samples are void`);
	if (c.blocks < c.planned)
		list.push(`${c.blocks} of ${c.planned} blocks are complete`);
	return [...list, ...voids, ...(c.refused ? [c.refused] : [])];
}
function viewCampaigns()
{
	const list = D.campaigns.filter(takesCampaign).sort((a, b) =>
		(b.verdicts.regressed > 0) - (a.verdicts.regressed > 0) || newest(a, b));
	shown = [["begun", "campaign", "folder", "domain", "machine", "kernels", "regressed", "improved", "trouble"],
		...list.map(c => [date(c.begun), c.name, c.folder, c.domain, c.machine, c.arms.map(a => a.kernel).join(" "),
			c.verdicts.regressed, c.verdicts.improved, trouble(c).join("; ")])];
	say(`${list.length} of ${D.campaigns.length} campaigns; those with a regression first, then the newest`);
	return [longTable("Campaigns", ["Begun (UTC)", "Campaign", "Kernels, baseline first", "Domain, machine", "Verdicts",
		"Failed or missing"], list, c => [
		["date", date(c.begun)],
		el("div", null, el("a", { href: url({ view: "campaign", campaign: c.key }) }, name(c.name)), name(c.question)),
		kernels([c.baseline, ...c.arms.keys()].filter((a, i) => !i || a !== c.baseline).map(a => c.arms[a].kernel)),
		el("div", null, c.domain, el("div", { class: "dim" }, name(c.machine))),
		el("div", null, c.refused ? verdict("not comparable") : Object.entries(c.verdicts)
			.filter(([v, n]) => n && v !== "described").map(([v, n]) => el("div", null, verdict(v, n)))),
		el("div", { class: "failed" }, trouble(c).map(t => name(t)))], "cards"),
	D.unread.length ? [el("h2", null, "Folders that are not shown"), el("ul", null, D.unread.map(u =>
		el("li", null, name(u.error.includes(u.folder) ? u.error : `${u.folder}: ${u.error}`))))] : null];
}

/* A campaign's details come when they are asked for. */
window.kduelCampaign = (key, summary, detail) => { details.set(key, detail); };
function loaded(key)
{
	return details.has(key) ? Promise.resolve(details.get(key)) : new Promise(done => {
		document.head.append(el("script", { src: `data/c/${encodeURIComponent(key)}.js`,
			onload: () => done(details.get(key)), onerror: () => done(null) }));
	});
}

/* Every boot of each arm as a point, the estimate with its interval beneath. */
function distribution(c, row, detail)
{
	const s = D.series[row[SERIES]], arms = detail.series[row[OWN]] || [], used = [row[BASE], row[ARM]];
	const all = used.flatMap(a => arms[a].boots.concat(arms[a].value)).filter(v => v !== null);
	const min = Math.min(...all), max = Math.max(...all), pad = (max - min) * .08 || Math.abs(max) * .01 || 1;
	const x = v => 130 + 560 * (v - min + pad) / (max - min + 2 * pad);
	const inside = v => Math.min(695, Math.max(125, x(v)));
	const text = used.map(a => `${c.arms[a].name}: ${arms[a].boots.filter(v => v !== null).length} boots, ` +
		`${value(arms[a].value, s[UNIT])}`).join("; ");
	return el("svg", { viewBox: "0 0 700 120", role: "img", "aria-label": text, width: "100%", style: "max-width:700px" },
		used.map((a, i) => el("g", { class: "arm" + i },
			el("text", { x: 0, y: 34 + 42 * i, stroke: "none" }, c.arms[a].name.slice(0, 16)),
			arms[a].boots.map(v => v === null ? null : el("circle", { cx: x(v), cy: 26 + 42 * i, r: 4 })),
			arms[a].lo === null ? null : el("line", { x1: inside(arms[a].lo), x2: inside(arms[a].hi), y1: 40 + 42 * i, y2: 40 + 42 * i, "stroke-width": 2 }),
			arms[a].value === null ? null : el("line", { x1: x(arms[a].value), x2: x(arms[a].value), y1: 34 + 42 * i, y2: 46 + 42 * i, "stroke-width": 3 }))),
		el("line", { class: "axis", x1: 125, x2: 695, y1: 98, y2: 98 }),
		el("text", { x: x(min), y: 114 }, value(min, s[UNIT])),
		el("text", { x: x(max), y: 114, "text-anchor": "end" }, value(max, s[UNIT])));
}
function pointPanel(c, row)
{
	const s = D.series[row[SERIES]], box = el("div", null, "Loading the boots …");
	loaded(c.key).then(d => box.replaceChildren(d ? distribution(c, row, d)
		: "The boots are not beside this page any more; make it again."));
	return el("section", { "aria-label": "The chosen point" },
		el("h3", null, `${c.name}, ${date(c.begun)}: ${c.arms[row[ARM]].name} against ${c.arms[row[BASE]].name}`),
		el("p", null, seriesName(s), ": ", effect(row, s[UNIT]), ", ", verdict(D.verdicts[row[VERDICT]]), `, n = ${row[N]} blocks. `,
			row[REASON] >= 0 ? c.reasons[row[REASON]] + ". " : "",
			el("a", { href: url({ view: "campaign", campaign: c.key }) }, "The campaign")),
		box, el("p", { class: "dim" }, "Each circle is one boot; beneath it the estimate with its 95% interval over boots. This measures it again:"),
		el("pre", null, c.again));
}
function viewCampaign()
{
	const c = D.campaigns.find(k => k.key === state.campaign);
	if (!c)
		return [el("p", null, "This campaign is not on the page any more.")];
	const rows = c.rows.filter(r => takesSeries(D.series[r[SERIES]]));
	const rank = v => ["regressed", "unstable", "not comparable", "improved", "inconclusive", "not worse"].indexOf(D.verdicts[v] ) + 1 || 9;
	const panel = el("div"), more = el("div", null, "Loading …");
	rows.sort((a, b) => (b[FLAGS] & GATE) - (a[FLAGS] & GATE) || rank(a[VERDICT]) - rank(b[VERDICT]));
	rowsCsv(rows.map(r => [c, r]));
	say(`${rows.length} comparisons of ${c.name}`);
	loaded(c.key).then(d => more.replaceChildren(...(d ? [
		d.failures.length ? el("h3", null, "Failed and void runs: of the machines, not of what was measured") : "",
		...d.failures.map(f => el("div", null, el("p", null, `${f.where}: `, el("b", null, f.class), ` ${f.text || ""}`),
			f.console.length ? el("pre", null, f.console.join("\n")) : "")),
		d.claims.length ? el("h3", null, "Expectations") : "",
		el("ul", null, d.claims.map(k => el("li", null, el("b", null, k.outcome), ` ${k.says || k.text}: ${k.detail || ""}`))),
		d.notes.length ? el("h3", null, "Notes") : "", el("ul", null, d.notes.map(n => el("li", null, n)))]
		: ["Its details are not beside this page any more; make it again."])));
	return [el("h2", null, c.question || c.name),
		el("dl", null, ...[["Campaign", c.name], ["Folder", c.folder], ["Begun (UTC)", date(c.begun)],
			["Domain", c.domain], ["Machine", c.machine], ["Blocks", `${c.blocks} of ${c.planned}`],
			...c.arms.map((a, i) => [i === c.baseline ? "Baseline" : a.control ? "Control" : "Arm",
				`${a.name}: ${[a.kernel, a.release, a.version, a.commit].filter((t, k, l) => t && l.indexOf(t) === k).join(", ")}`]),
			["Failed or missing", trouble(c).join("; ") || "nothing"]].flatMap(([k, v]) => [el("dt", null, k), el("dd", null, v)])),
		el("p", { class: "dim" }, "This measures it again:"), el("pre", null, c.again), panel,
		longTable("Against the baseline; choose a row's effect to see its boots", ["Series", "Arm", ["n", "Baseline"], ["n", "Arm's"],
			["n", "Effect [95% interval]"], ["n", "n"], "Verdict"], rows, r => {
			const s = D.series[r[SERIES]];
			return [name(seriesName(s)), name(c.arms[r[ARM]].name + (r[BASE] === c.baseline ? "" : " against " + c.arms[r[BASE]].name)),
				["n", value(r[BASE_VALUE], s[UNIT])], ["n", value(r[ARM_VALUE], s[UNIT])],
				["n", el("button", { type: "button", onclick: () => {
					panel.replaceChildren(pointPanel(c, r));
					panel.scrollIntoView({ block: "nearest" });
				} }, effect(r, s[UNIT]))],
				["n", String(r[N])],
				el("div", null, verdict(D.verdicts[r[VERDICT]]), r[FLAGS] & GATE ? " (gate)" : "",
					r[REASON] >= 0 ? el("div", { class: "dim" }, name(c.reasons[r[REASON]])) : null)];
		}), more];
}

/* --- charts -------------------------------------------------------------------------- */

const colour = v => getComputedStyle(document.documentElement).getPropertyValue(v).trim();
let zooming = false;
/* One zoom for all charts of the view, and in the address. */
function zoomed(u, key)
{
	if (key !== "x" || zooming)
		return;
	const { min, max } = u.scales.x;
	zooming = true;
	for (const c of charts)
		if (c !== u)
			c.setScale("x", { min, max });
	zooming = false;
	clearTimeout(zoomed.later);
	zoomed.later = setTimeout(() => go({ z: min <= u.data[0][0] && max >= u.data[0].at(-1) ? "" : `${min},${max}` }, true), 150);
}
function move(by, factor)
{
	const u = charts[0];
	if (!u)
		return;
	const { min, max } = u.scales.x, mid = (min + max) / 2 + by * (max - min), half = (max - min) / 2 * factor;
	u.setScale("x", { min: mid - half, max: mid + half });
}
function axes(labels, unit)
{
	const line = { stroke: () => colour("--line"), width: 1 }, a = { stroke: () => colour("--fg"), grid: line, ticks: line, font: "12px system-ui, sans-serif" };
	const day = t => new Date(1000 * t).toISOString().slice(0, 10);
	return [{ ...a, space: 90, values: (u, v) => labels ? v.map(i => Number.isInteger(i) && labels[i] !== undefined ? labels[i].slice(0, 12) : "")
		: v.map((t, i) => i && day(t) === day(v[i - 1]) ? new Date(1000 * t).toISOString().slice(11, 16) : day(t)) },
		{ ...a, size: 70, values: (u, v) => v.map(unit) }];
}
/* A chart that is dragged with Shift, and zoomed by dragging over a part. */
function chart(box, title, options, data)
{
	const u = new uPlot({ width: Math.max(280, box.clientWidth - 4), height: options.height || 260, title,
		cursor: { sync: { key: "kduel" }, drag: { x: true, y: false } }, legend: { show: Boolean(options.legend), live: false },
		scales: { x: { time: !options.labels }, y: options.range ? { range: options.range } : {} },
		axes: axes(options.labels, options.unit), series: options.series, bands: options.bands,
		hooks: { draw: options.draw || [], setScale: [zoomed], ready: [pannable] } }, data, box);
	charts.push(u);
	const z = (state.z || "").split(",").map(Number);
	if (z.length === 2 && z.every(Number.isFinite) && z[0] < z[1]) {
		zooming = true;
		u.setScale("x", { min: z[0], max: z[1] });
		zooming = false;
	}
	return u;
}
function pannable(u)
{
	u.over.addEventListener("mousedown", e => {
		if (!e.shiftKey)
			return;
		e.stopImmediatePropagation();
		const { min, max } = u.scales.x, from = e.clientX, per = (max - min) / u.over.clientWidth;
		const drag = m => u.setScale("x", { min: min - (m.clientX - from) * per, max: max - (m.clientX - from) * per });
		document.addEventListener("mousemove", drag);
		document.addEventListener("mouseup", () => document.removeEventListener("mousemove", drag), { once: true });
	}, true);
}
/* Points are drawn once a pixel, so that any number of them can be moved. */
function dots(u, xs, ys, kinds, colours)
{
	const { ctx, bbox } = u, size = Math.round((xs.length > 2000 ? 3 : 6) * devicePixelRatio);
	const sx = u.scales.x, sy = u.scales.y, w = Math.ceil(bbox.width), h = Math.ceil(bbox.height);
	const kx = bbox.width / (sx.max - sx.min), ky = bbox.height / (sy.max - sy.min);
	ctx.save();
	colours.forEach((c, kind) => {
		const seen = new Uint8Array((w + 1) * (h + 1));
		ctx.fillStyle = c;
		for (let i = 0; i < xs.length; i++) {
			if (kinds[i] !== kind || ys[i] === null)
				continue;
			const x = Math.round((xs[i] - sx.min) * kx), y = Math.round(bbox.height - (ys[i] - sy.min) * ky);
			if (x < 0 || x > w || y < 0 || y > h || seen[y * (w + 1) + x])
				continue;
			seen[y * (w + 1) + x] = 1;
			ctx.fillRect(bbox.left + x - size / 2, bbox.top + y - size / 2, size, size);
		}
	});
	ctx.restore();
}
const kindOf = v => ({ regressed: 1, improved: 2 })[D.verdicts[v]] || 0;
const kindColours = () => [colour("--base"), colour("--bad"), colour("--good")];

/* --- history ------------------------------------------------------------------------ */

function trendsShown()
{
	return D.trends.map((t, i) => ({ ...t, i, name: seriesName(D.series[t.series]) })).filter(t =>
		takesSeries(D.series[t.series]) && (!state.machine || t.machine === state.machine) &&
		(!state.domain || t.domain === state.domain) &&
		(!state.kernel || t.points.some(([c, r]) => D.campaigns[c].arms[D.campaigns[c].rows[r][ARM]].kernel === state.kernel)));
}
const at = ([c, r]) => [D.campaigns[c], D.campaigns[c].rows[r]];
const armKernel = (c, r) => c.arms[r[ARM]].release || c.arms[r[ARM]].kernel;
/* Points in the order that was asked for: {c, r, x, label, i: place in the trend}. */
function ordered(t)
{
	const p = t.points.map((k, i) => { const [c, r] = at(k); return { c, r, i }; });
	if (state.x === "version")
		p.sort((a, b) => natural(armKernel(a.c, a.r), armKernel(b.c, b.r)) || a.c.begun - b.c.begun);
	if (state.x === "version" || state.x === "commit")
		p.forEach((k, n) => { k.x = n; k.label = state.x === "version" ? armKernel(k.c, k.r)
			: k.c.arms[k.r[ARM]].commit.slice(0, 12) || k.c.arms[k.r[ARM]].version || armKernel(k.c, k.r); });
	else
		p.forEach(k => { k.x = k.c.begun; });
	return p;
}
function viewHistory()
{
	const list = trendsShown().sort((a, b) => (b.changes.length > 0) - (a.changes.length > 0) || natural(a.name, b.name));
	const tools = el("div", { class: "tools wide" },
		select("Series (those with a change first)", "trend", [
			...list.map(t => [String(t.i), `${t.changes.length ? "● " : ""}${t.name}: ${t.arm} to ${t.baseline}, ${t.domain}, ${t.machine}`]),
			["all", `all ${list.length} in one view`]]),
		select("By", "x", ["version", "commit"], "date"),
		el("button", { type: "button", onclick: () => move(0, .5), "aria-label": "Zoom in" }, "+"),
		el("button", { type: "button", onclick: () => move(0, 2), "aria-label": "Zoom out" }, "−"),
		el("button", { type: "button", onclick: () => move(-.25, 1), "aria-label": "Earlier" }, "◀"),
		el("button", { type: "button", onclick: () => move(.25, 1), "aria-label": "Later" }, "▶"),
		el("button", { type: "button", onclick: () => go({ z: "" }) }, "Whole range"));
	if (!list.length)
		return [tools, el("p", null, "No series has a ratio to a baseline in the campaigns that the filters leave.")];
	const t = list.find(k => String(k.i) === state.trend);
	if (state.trend === "all")
		return [tools, ...historyAll(list)];
	return [tools, ...historyOne(t || list[0])];
}
function historyOne(t)
{
	const s = D.series[t.series], p = ordered(t), xs = p.map(k => k.x), labels = p[0].label === undefined ? null : p.map(k => k.label);
	const box = el("div", { class: "chart", tabindex: 0, role: "group", "aria-label": `${t.name}: ratio by campaign; arrow keys choose a point` });
	const panel = el("div"), kinds = p.map(k => kindOf(k.r[VERDICT]));
	const column = i => p.map(k => k.r[i]);
	let chosen = p.length - 1;
	const choose = i => {
		chosen = Math.max(0, Math.min(p.length - 1, i));
		panel.replaceChildren(pointPanel(p[chosen].c, p[chosen].r));
		say(`${date(p[chosen].c.begun)}, ${armKernel(p[chosen].c, p[chosen].r)}: ${effect(p[chosen].r, s[UNIT])}, ${D.verdicts[p[chosen].r[VERDICT]]}`);
		charts.forEach(u => u.redraw());
	};
	const marks = u => {
		u.ctx.save();
		u.ctx.lineWidth = 1.5 * devicePixelRatio;
		for (const c of t.changes) {
			const k = p.find(q => q.i === c.at), x = u.valToPos(k.x, "x", true);
			if (x < u.bbox.left || x > u.bbox.left + u.bbox.width)
				continue;
			u.ctx.strokeStyle = colour(c.better ? "--good" : "--bad");
			u.ctx.setLineDash([6, 4]);
			u.ctx.beginPath();
			u.ctx.moveTo(x, u.bbox.top);
			u.ctx.lineTo(x, u.bbox.top + u.bbox.height);
			u.ctx.stroke();
		}
		const x = u.valToPos(p[chosen].x, "x", true);
		u.ctx.setLineDash([]);
		u.ctx.strokeStyle = colour("--dim");
		u.ctx.strokeRect(x - 6, u.bbox.top, 12, u.bbox.height);
		u.ctx.restore();
	};
	shownHistory(p);
	say(`${p.length} campaigns; ${t.changes.length ? t.changes.length + " change" + (t.changes.length > 1 ? "s" : "") : "no change"} of level`);
	requestAnimationFrame(() => {
		const line = { width: 0, points: { show: false } };
		chart(box, `Effect: ${t.arm} against ${t.baseline}`, { labels, unit: v => percent(v), series: [{},
			{ ...line, label: "lower end" }, { ...line, label: "upper end" }, { ...line, label: "effect" }],
		bands: [{ series: [2, 1], fill: () => colour("--band") }],
		draw: [marks, u => dots(u, xs, column(EFFECT), kinds, kindColours())] }, [xs, column(LO), column(HI), column(EFFECT)]);
		chart(box, `Values (${s[UNIT] || s[METRIC]})`, { labels, height: 200, legend: true, unit: v => digits(v), series: [{},
			{ label: t.baseline + " (baseline)", stroke: () => colour("--base"), width: 1.5, dash: [5, 4] },
			{ label: t.arm, stroke: () => colour("--arm"), width: 1.5 }], draw: [marks] },
		[xs, column(BASE_VALUE), column(ARM_VALUE)]);
		charts.forEach(u => u.over.addEventListener("click", () => choose(u.cursor.idx ?? chosen)));
		box.onkeydown = e => {
			const to = { ArrowLeft: chosen - 1, ArrowRight: chosen + 1, Home: 0, End: p.length - 1 }[e.key];
			if (to === undefined)
				return;
			e.preventDefault();
			choose(to);
		};
		panel.replaceChildren(pointPanel(p[chosen].c, p[chosen].r));
	});
	return [el("h2", null, t.name), box,
		el("p", { class: "key" }, el("span", { class: "worse" }, "■ regressed"), el("span", { class: "better" }, "■ improved"),
			el("span", null, "■ neither"), "Band: 95% intervals. Dashed: a change of level. Drag: zoom; Shift and drag: move; click: choose."),
		el("h3", null, "Changes of level"),
		t.changes.length ? el("ul", null, t.changes.map(c => el("li", null, c.words))) : el("p", null, t.judged
			? "None: no step is clearer than what chance shows in histories without a change. A single odd campaign is none."
			: `None are looked for: that takes 12 campaigns, and there are ${p.length}.`),
		t.from ? el("p", { class: "dim" }, `Looked for in the newest ${p.length - t.from} campaigns.`) : null,
		panel, el("details", null, el("summary", null, "The points as a table"), longTable("Points", ["Campaign", "Kernel", ["n", "Baseline"],
			["n", "Arm's"], ["n", "Effect [95% interval]"], "Verdict"], p, k => [`${date(k.c.begun)} ${k.c.name}`, armKernel(k.c, k.r),
			["n", value(k.r[BASE_VALUE], s[UNIT])], ["n", value(k.r[ARM_VALUE], s[UNIT])], ["n", effect(k.r, s[UNIT])],
			verdict(D.verdicts[k.r[VERDICT]])]))];
}
const shownHistory = p => rowsCsv(p.map(k => [k.c, k.r]));
function historyAll(list)
{
	const p = list.flatMap(t => ordered(t).map(k => ({ ...k, t }))).sort((a, b) => a.x - b.x);
	const xs = p.map(k => k.x), ys = p.map(k => k.r[EFFECT]), kinds = p.map(k => kindOf(k.r[VERDICT]));
	const labels = p[0].label === undefined ? null : p.reduce((l, k) => { l[k.x] = k.label; return l; }, []);
	const box = el("div", { class: "chart", role: "img", "aria-label": `${p.length} effects of ${list.length} series` });
	const sorted = ys.slice().sort(cmp), low = sorted[Math.floor(sorted.length * .001)], high = sorted[Math.ceil(sorted.length * .999) - 1];
	shownHistory(p);
	say(`${p.length} points of ${list.length} series; the axis leaves out the outermost 0.1% on either side`);
	requestAnimationFrame(() => chart(box, "Effects of all series", { height: 420, labels, unit: v => percent(v), range: () => [low, high],
		series: [{}, { paths: () => null, points: { show: false }, label: "effect" }],
		draw: [u => dots(u, xs, ys, kinds, kindColours())] }, [xs, ys]));
	return [box, el("p", { class: "key" }, el("span", { class: "worse" }, "■ regressed"), el("span", { class: "better" }, "■ improved"), el("span", null, "■ neither")),
		longTable("Changes of level", ["Series", "Change"], list.flatMap(t => t.changes.map(c => [t, c])), ([t, c]) =>
			[el("a", { href: url({ trend: String(t.i), z: "" }) }, name(t.name)), el("span", { class: c.better ? "better" : "worse" }, c.words)])];
}

/* --- two kernels ---------------------------------------------------------------------- */

/* The newest row of each series for which `take` holds. */
function newestRows(take)
{
	const found = new Map();
	for (const c of D.campaigns.filter(takesCampaign).sort(newest))
		for (const r of c.rows)
			if (takesSeries(D.series[r[SERIES]]) && take(c, r) && !found.has(r[SERIES]))
				found.set(r[SERIES], [c, r]);
	return [...found.values()].sort((a, b) => natural(seriesName(D.series[a[1][SERIES]]), seriesName(D.series[b[1][SERIES]])));
}
function viewKernels()
{
	const all = uniq(D.campaigns.flatMap(c => c.arms.map(a => a.kernel)));
	const last = D.campaigns.filter(c => takesCampaign(c) && uniq(c.arms.map(k => k.kernel)).length > 1).sort(newest)[0];
	const a = state.a || (last ? last.arms[last.baseline].kernel : all[0]);
	const b = state.b || (last ? (last.arms.find(k => k.kernel !== a) || last.arms[0]).kernel : all[0]);
	const kernel = (c, i) => c.arms[i].kernel, named = (c, i) => kernels([kernel(c, i)]);
	const pair = newestRows((c, r) => !c.arms[r[ARM]].control && (kernel(c, r[BASE]) === a && kernel(c, r[ARM]) === b ||
		kernel(c, r[BASE]) === b && kernel(c, r[ARM]) === a));
	state.a = a;
	state.b = b;
	rowsCsv(pair);
	say(`${pair.length} series in which ${a} and ${b} were booted in the same blocks`);
	return [el("div", { class: "tools" }, select("Kernel", "a", all), select("against", "b", all)),
		pair.length ? longTable(`${a} and ${b}: the newest comparison of each series`, ["Series", "Effect of", "against", ["n", "Effect [95% interval]"],
			"Verdict", "Campaign"], pair, ([c, r]) => [name(seriesName(D.series[r[SERIES]])), named(c, r[ARM]), named(c, r[BASE]),
			["n", effect(r, D.series[r[SERIES]][UNIT])], el("div", null, verdict(D.verdicts[r[VERDICT]]),
				r[REASON] >= 0 ? el("div", { class: "dim" }, name(c.reasons[r[REASON]])) : null),
			el("a", { href: url({ view: "campaign", campaign: c.key }) }, `${date(c.begun)} ${c.name.slice(0, 40)}`)])
			: el("p", null, `${a} and ${b} were never booted in the same blocks, in the campaigns that the filters leave. `,
				"Times of different campaigns are not compared: the machine may have changed in between. A campaign with both as arms decides it.")];
}

/* --- heat map ------------------------------------------------------------------------ */

function viewHeat()
{
	const all = uniq(D.campaigns.filter(takesCampaign).flatMap(c => c.arms.filter((a, i) => i !== c.baseline && !a.control).map(a => a.kernel)));
	const ids = [...D.series.keys()].filter(i => takesSeries(D.series[i]) && D.series[i][BETTER] !== "none");
	const columns = all.map(k => new Map(newestRows((c, r) => r[BASE] === c.baseline && c.arms[r[ARM]].kernel === k &&
		!c.arms[r[ARM]].control).map(([c, r]) => [r[SERIES], [c, r]])));
	rowsCsv(columns.flatMap(m => [...m.values()]));
	say(`${ids.length} series of ${all.length} kernels, each against its campaign's baseline: the newest campaign of each`);
	const cell = (map, id) => {
		const [c, r] = map.get(id) || [];
		if (!r || r[EFFECT] === null || r[FLAGS] & ABSOLUTE) {
			const why = !r ? "not measured in the campaigns shown" : c.reasons[r[REASON]] || c.refused || trouble(c)[0] || "no effect relative to the baseline";
			return el("td", { class: "missing", title: why }, r && r[FLAGS] & ABSOLUTE ? el("span", null, effect(r, D.series[id][UNIT])) : name("none: " + why));
		}
		const worse = (r[EFFECT] > 0) === (D.series[id][BETTER] === "lower"), v = D.verdicts[r[VERDICT]];
		const strength = Math.round(Math.min(1, Math.abs(r[EFFECT]) / .2) * 80 + 20);
		const shade = v === "regressed" || v === "improved" ? `background: color-mix(in srgb, var(--${worse ? "bad" : "good"}-bg) ${strength}%, var(--bg))` : null;
		return el("td", { style: shade, title: `${effect(r, D.series[id][UNIT])}, ${v}, ${date(c.begun)}` },
			el("a", { href: url({ view: "campaign", campaign: c.key }) }, (v === "regressed" ? "▲ " : v === "improved" ? "▼ " : "") +
				percent(r[EFFECT], (r[HI] - r[LO]) / 2)));
	};
	return [el("p", { class: "key" }, el("span", { style: "background: var(--bad-bg)" }, "▲ regressed"), el("span", { style: "background: var(--good-bg)" }, "▼ improved"),
		el("span", null, "neither"), el("span", { class: "missing" }, "missing, with the reason"), "Full colour: 20% or more."),
	table("Effects of kernels (columns) on metrics (rows)", ["Series", ...all.map(k => kernels([k]))], ids.map(id => el("tr", null,
		el("th", { scope: "row" }, name(seriesName(D.series[id]))), columns.map(m => cell(m, id)))), "heat")];
}

/* --- A/A ----------------------------------------------------------------------------- */

function viewControls()
{
	const list = D.controls.filter(k => (!state.machine || k.machine === state.machine) && (!state.domain || k.domain === state.domain));
	shown = [["domain", "machine", "campaigns", "tests", "p_below", "promised", "rate", "lo", "hi", "called_different"],
		...list.map(k => [k.domain, k.machine, k.campaigns, k.tests, k.nominal, k.promised, k.rate, k.lo, k.hi, k.alarms])];
	say(`${list.length} machine${list.length === 1 ? "" : "s"} with A/A pairs`);
	return [el("p", null, "An A/A pair is one kernel booted as two arms. Each difference that is found between them is a false alarm. ",
		"Before the correction for many tests, the promised share of tests may find one; after it hardly any should."),
	list.length ? table("False alarms, promised and observed", ["Domain", "Machine", ["n", "Campaigns"], ["n", "Tests"], ["n", "Promised"],
		["n", "Observed [95% interval]"], "Is that what is promised?", ["n", "Called different after correction"]], list.map(k => [k.domain, name(k.machine),
		["n", String(k.campaigns)], ["n", String(k.tests)], ["n", share(k.promised)],
		["n", `${share(k.rate)} [${share(k.lo)}, ${share(k.hi)}]`],
		k.lo > k.promised ? el("span", { class: "worse v" }, "no, more") : k.hi < k.promised ? "fewer" : "yes", ["n", `${k.alarms} of ${k.tests}`]]))
		: el("p", null, "No campaign shown has an A/A pair. A second arm with the baseline's kernel makes one; kduel aa runs nothing else."),
	el("p", { class: "dim" }, "The interval takes tests for independent; those of one campaign share its boots, so it is a little too narrow.")];
}

/* --- the page ------------------------------------------------------------------------- */

const draw = { campaigns: viewCampaigns, campaign: viewCampaign, history: viewHistory, kernels: viewKernels, heat: viewHeat, controls: viewControls };
function render()
{
	charts.forEach(u => u.destroy());
	charts = [];
	const view = Object.hasOwn(draw, state.view || "") ? state.view : "campaigns";
	document.title = `${VIEWS[view] || "Campaign"}: kduel dashboard`;
	document.documentElement.dataset.theme = $("theme").value = state.theme || "";
	filters();
	$("views").replaceChildren(...Object.entries(VIEWS).map(([v, title]) => el("li", null,
		el("a", { href: url({ view: v, z: "" }), "aria-current": v === view ? "page" : null }, title))));
	$("main").replaceChildren(...draw[view]().flat(9).filter(Boolean));
}
/* On paper: light, all rows, charts as wide as a page, and what was chosen in words. */
function print()
{
	document.documentElement.dataset.theme = "light";
	document.querySelectorAll("button.more").forEach(b => b.click());
	charts.forEach(u => u.setSize({ width: 660, height: u.height }));
	$("printed").textContent = ["Chosen:", ...FILTERS.filter(f => state[f]).map(f => `${f} ${state[f]};`)].join(" ").replace(/;$|^Chosen:$/, "");
}
function read()
{
	state = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
	render();
}
/* --- the data: an index, and parts that hold the campaigns in the order of time ------------- */

const parts = new Map();
window.kduelPart = (name, part) => { parts.set(name, part); };
function partLoaded(name)
{
	return new Promise(done => document.head.append(el("script", { src: `data/${encodeURIComponent(name)}`,
		onload: done, onerror: done })));
}
/* One list of series for all parts; each row in the trend that follows it. */
function assemble()
{
	const series = new Map(), trends = new Map(), key = list => JSON.stringify(list);
	const place = s => { const k = key(s); series.has(k) || (series.set(k, D.series.length), D.series.push(s)); return series.get(k); };
	Object.assign(D, { series: [], campaigns: [] });
	for (const t of D.trends) {
		Object.assign(t, { series: place(t.series), points: [] });
		trends.set(key([t.series, t.arm, t.baseline, t.domain, t.machine]), t);
	}
	for (const part of D.parts.map(p => parts.get(p)).filter(Boolean)) {
		const at = part.series.map(place);
		for (const c of part.campaigns) {
			const n = D.campaigns.push(c) - 1;
			c.rows.forEach((r, i) => {
				r[SERIES] = at[r[SERIES]];
				if (r[FLAGS] & FOLLOWED)
					trends.get(key([r[SERIES], c.arms[r[ARM]].name, c.arms[c.baseline].kernel, c.domain, c.machine]))?.points.push([n, i]);
			});
		}
	}
	D.missing = D.parts.filter(p => !parts.has(p)).length;
	delete D.parts;
	parts.clear();
}
window.kduelIndex = async index => {
	D = index;
	if (D.parts) {
		await Promise.all(D.parts.map(partLoaded));
		assemble();
	}
	window.kduelData = D;
	if (D.missing)
		$("main").before(el("p", { class: "failed" }, "Some campaigns are not beside this page any more: it was made anew meanwhile, so load it again."));
	$("footer").replaceChildren(`Made ${date(D.made)} UTC by kduel ${D.version}; a new level lasts ${D.min_segment} campaigns or more. Charts: `,
		el("a", { href: "uPlot-LICENSE.txt" }, "uPlot (MIT licence)"), ".");
	$("theme").onchange = e => go({ theme: e.target.value });
	window.addEventListener("hashchange", read);
	window.addEventListener("popstate", read);
	window.addEventListener("beforeprint", print);
	window.addEventListener("afterprint", render);
	let width = innerWidth;
	window.addEventListener("resize", () => {
		if (innerWidth !== width && charts.length)
			render();
		width = innerWidth;
	});
	read();
};
/* The index is written last. */
window.addEventListener("load", () => D || $("main").append(el("p", null, "This page has no data yet: ",
	"the kduel dashboard that makes it did not come to its end. Run it again.")));
})();
