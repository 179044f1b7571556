/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The dashboard in a real Chromium: dashboard.js SITE SCREENSHOTS. SITE is made of
 * tests/browser/make-store's campaigns; pictures go to SCREENSHOTS unless it is "".
 */
"use strict";
const { chromium } = require("playwright-core");
const assert = require("node:assert");
const fs = require("node:fs");
const path = require("node:path");
const axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const [site, pictures] = process.argv.slice(2);
const home = dir => "file://" + path.resolve(dir, "index.html");
let page;

async function open(browser, dir, hash, options = {})
{
	page = await browser.newPage({ viewport: { width: 1200, height: 800 }, ...options });
	page.complaints = [];
	page.on("console", m => ["error", "warning"].includes(m.type()) && page.complaints.push(m.text()));
	page.on("pageerror", e => page.complaints.push(e.stack));
	page.on("request", r => r.url().startsWith("file:") || r.url().startsWith("data:") || r.url().startsWith("blob:") ||
		page.complaints.push("a request left: " + r.url()));
	await page.goto(home(dir) + hash);
	await page.waitForSelector("#views a");
	await page.waitForTimeout(100);
}
async function close(what)
{
	assert.equal(page.complaints.join("\n"), "", what);
	await page.close();
}
const status = () => page.textContent("#status");
const count = s => page.locator(s).count();
async function accessible(what)
{
	await page.evaluate(axe);
	const r = await page.evaluate(() => window.axe.run(document, { preload: false, runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"] }));
	assert.equal(r.violations.map(v => `${v.id}: ${v.nodes.slice(0, 3).map(n => n.html.slice(0, 200) + " " + n.failureSummary).join("; ")}`).join("\n"), "", what);
}
async function picture(name)
{
	if (pictures)
		await page.screenshot({ path: path.join(pictures, `dashboard-${name}.png`) });
}

/* The data of a site as the page puts it together. */
async function data(browser, dir)
{
	const reader = await browser.newPage();
	await reader.goto(home(dir));
	const d = await reader.waitForFunction(() => window.kduelData);
	const whole = await d.jsonValue();
	await reader.close();
	return whole;
}
/* The same site with other data, all of it in the index. */
async function variant(browser, name, change)
{
	const dir = path.join(site, "..", name), index = await data(browser, site);
	fs.cpSync(site, dir, { recursive: true });
	change(index);
	fs.writeFileSync(path.join(dir, "data/index.js"), `kduelIndex(${JSON.stringify(index)});`);
	return dir;
}

async function views(browser)
{
	const index = await data(browser, site), first = index.trends.findIndex(t => t.changes.length);
	await open(browser, site, "");
	assert.match(await status(), new RegExp(`^${index.campaigns.length} of ${index.campaigns.length} campaigns`));
	assert.ok(await page.locator("tbody tr").first().locator("text=regressed").count(), "a regression is first");
	await picture("campaigns");
	if (await count("main >> text=/^Show/"))
		await page.click("main >> text=/^Show/");
	assert.ok(await page.locator("td >> text=boots failed (panic").count(), "failures stand apart");
	for (const theme of ["light", "dark"])
		for (const view of ["campaigns", "history", "kernels", "heat", "controls"]) {
			await page.goto(home(site) + `#view=${view}&theme=${theme}`);
			await page.waitForTimeout(150);
			await accessible(`${view}, ${theme}`);
		}
	await page.goto(home(site) + "#view=history&trend=" + first);
	await page.waitForSelector(".uplot canvas");
	assert.equal(await count(".uplot"), 2);
	assert.match(await page.textContent("main"), /From 20\d\d-\d\d-\d\d on .* the ratio of candidate to base is 1?\d?\.\d+ instead of/);
	await page.waitForSelector("section svg circle");
	assert.ok(await count("section svg circle") >= 10, "each boot is a point");
	await picture("history");
	await page.focus(".chart");
	const before = await status();
	await page.keyboard.press("ArrowLeft");
	assert.notEqual(await status(), before, "an arrow key chooses another point, and says it");
	await page.goto(home(site) + "#view=heat");
	await page.waitForSelector(".heat td");
	await picture("heat");
	await page.goto(home(site) + "#view=kernels&a=6.1&b=6.12");
	assert.match(await page.textContent("main"), /never booted in the same blocks/);
	await page.goto(home(site) + "#view=controls");
	const said = await page.textContent("main tbody");
	const c = index.controls[0];
	assert.ok(said.includes(`${(100 * c.rate).toFixed(1)}%`) && said.includes(`${c.alarms} of ${c.tests}`), said);
	await close("views");
}

async function filters(browser)
{
	const index = await data(browser, site), machine = index.campaigns[0].machine;
	await open(browser, site, "");
	await page.selectOption("#filters label:has-text('Machine') select", machine);
	const n = index.campaigns.filter(c => c.machine === machine).length;
	assert.match(await status(), new RegExp(`^${n} of `));
	assert.equal(await count("main tbody tr"), Math.min(60, n));
	await page.selectOption("#filters label:has-text('Backing') select", "fsdax-xfs");
	await page.click("nav >> text=Heat map");
	assert.equal(await count(".heat tbody tr"), 50, "half of the series are of that backing");
	const url = page.url();
	await page.reload();
	await page.waitForSelector(".heat");
	assert.equal(page.url(), url);
	assert.equal(await page.inputValue("#filters label:has-text('Machine') select"), machine, "the filter survives");
	assert.equal(await count(".heat tbody tr"), 50);
	const [file] = await Promise.all([page.waitForEvent("download"), page.click("text=Download what is shown")]);
	const lines = fs.readFileSync(await file.path(), "utf8").trim().split("\n");
	assert.equal(lines.length, 1 + await count(".heat td a"), "the file has what is shown");
	/* Zoom: both charts, in the address, and after a reload. */
	await page.goto(home(site) + "#view=history");
	await page.waitForSelector(".uplot canvas");
	await page.click("button[aria-label='Zoom in']");
	await page.waitForTimeout(300);
	const z = new URLSearchParams(new URL(page.url()).hash.slice(1)).get("z");
	assert.match(z || "", /^\d/);
	await page.reload();
	await page.waitForSelector(".uplot canvas");
	await page.waitForTimeout(300);
	assert.equal(new URLSearchParams(new URL(page.url()).hash.slice(1)).get("z"), z);
	await page.goBack();
	await close("filters");
}

/* Each control is reached by Tab, in the order of the page, and seen where it has the focus. */
async function keyboard(browser)
{
	const key = (await data(browser, site)).campaigns[0].key;
	await open(browser, site, "");
	for (const hash of ["#view=campaigns", "#view=campaign&campaign=" + key, "#view=history", "#view=history&trend=all",
		"#view=kernels", "#view=heat&backing=fsdax-xfs", "#view=controls"]) {
		await page.goto(home(site) + hash);
		await page.waitForTimeout(150);
		const wanted = await page.evaluate(() => {
			const all = [...document.querySelectorAll("a[href], button, select, summary, input, [tabindex='0']")].filter(e => e.checkVisibility());
			all.forEach((e, i) => { e.dataset.stop = i; });
			document.activeElement.blur();
			window.getSelection().removeAllRanges();
			return all.length;
		});
		await page.evaluate(() => { document.body.tabIndex = -1; document.body.focus(); document.body.removeAttribute("tabindex"); });
		for (let i = 0; i < wanted; i++) {
			await page.keyboard.press("Tab");
			const [stop, seen, text] = await page.evaluate(() => {
				const e = document.activeElement, s = getComputedStyle(e), r = e.getBoundingClientRect();
				return [e.dataset.stop, s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2 && r.width > 0 &&
					r.right > 0 && r.bottom > 0 && r.top < innerHeight, e.outerHTML.slice(0, 120)];
			});
			assert.equal(stop, String(i), `${hash}: ${text}`);
			assert.ok(seen, `${hash}: the focus is not seen: ${text}`);
		}
		assert.equal(await page.evaluate(() => [...document.querySelectorAll("main *")].filter(e =>
			getComputedStyle(e).cursor === "pointer" && !e.closest("a, button, select, summary, label")).length), 0,
		hash + ": what can be clicked can be reached");
	}
	/* The skip link, and a view chosen by Enter. */
	await page.goto(home(site) + "#view=campaigns&theme=light");
	await page.waitForTimeout(100);
	await page.focus(".skip");
	await page.keyboard.press("Enter");
	await page.focus("#views a >> text=Heat map");
	await page.keyboard.press("Enter");
	await page.waitForSelector(".heat td");
	await close("keyboard");
}

/* On paper: a dark page is light, nothing is cut, all rows are there. */
async function paper(browser)
{
	await open(browser, site, "#view=history&backing=fsdax-xfs", { colorScheme: "dark" });
	await page.waitForSelector(".uplot canvas");
	await page.evaluate(() => { window.after = new Promise(done => window.addEventListener("beforeprint", () =>
		done([document.querySelector(".uplot").offsetWidth, getComputedStyle(document.body).backgroundColor, document.querySelector("#printed").textContent]))); });
	const pdf = await page.pdf({ format: "A4", margin: { left: "15mm", right: "15mm" } });
	const [width, background, words] = await page.evaluate(() => window.after);
	assert.ok(width > 300 && width <= 680 && background === "rgb(255, 255, 255)" && words === "Chosen: backing fsdax-xfs", `${width} ${background} ${words}`);
	assert.ok(pdf.length > 10000);
	await page.waitForTimeout(200);
	assert.ok(await page.evaluate(() => document.querySelector(".uplot").offsetWidth > 700), "the page is as before");
	await close("paper");
}

/* Names that are more than names: they are text. */
async function hostile(browser)
{
	const names = ["<script>window.hit=1</script>", "\"'><img src=x onerror=window.hit=1>", "x".repeat(10240),
		"\u202egnp.exe\u2066", "\u001b[31mred\u0007", "https://example.invalid/x.png", "__proto__"];
	const dir = await variant(browser, "hostile", d => {
		names.forEach((n, i) => {
			Object.assign(d.campaigns[i], { name: n, question: n, machine: n, domain: n, again: n, refused: n, folder: n });
			d.campaigns[i].arms.forEach(a => Object.assign(a, { name: n, kernel: n, commit: n, failures: n, failed: 1 }));
			d.campaigns[i].reasons = d.campaigns[i].reasons.map(() => n);
			for (let k = 0; k < 5; k++)
				d.series[i][k] = n;
		});
		d.trends.forEach((t, i) => Object.assign(t, { arm: names[i % 7], machine: names[i % 7] },
			{ changes: t.changes.map(c => ({ ...c, words: names[i % 7] })) }));
		d.unread = names.map(n => ({ folder: n, error: n }));
		d.controls.forEach((c, i) => { c.machine = names[i]; });
	});
	for (const hash of ["", "#view=history", "#view=history&trend=all", "#view=kernels", "#view=heat", "#view=controls",
		"#view=campaign&campaign=" + (await data(browser, dir)).campaigns[0].key, "#view=%3Cscript%3E&machine=%22%3E%3Cb%3E", "#view=constructor"]) {
		await open(browser, dir, hash);
		assert.equal(await page.evaluate(() => window.hit), undefined, hash);
		assert.equal(await count("main script, main img, main b:has-text('<')"), 0, hash);
		assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "nothing is wider than the page: " + hash);
		await close("hostile " + hash);
	}
	/* What the store itself held: a script in a question. */
	const script = (await data(browser, site)).campaigns.find(c => c.question.includes("<script>"));
	await open(browser, site, "#view=campaign&campaign=" + script.key);
	assert.ok((await page.textContent("h2")).includes("<script>document.title=1</script>"));
	assert.notEqual(await page.title(), "1");
	await close("script");
	fs.rmSync(dir, { recursive: true });
}

async function narrow(browser)
{
	for (const view of ["campaigns", "history", "kernels", "heat", "controls"]) {
		await open(browser, site, `#view=${view}`, { viewport: { width: 400, height: 800 }, colorScheme: "dark" });
		assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${view} fits 400 px`);
		assert.ok(await page.evaluate(() => [...document.querySelectorAll(".kernels > span")].every(e => e.getClientRects().length === 1)),
			"the names of kernels are whole");
		if (view === "campaigns")
			assert.ok((await page.locator(".cards .v").first().boundingBox()).x < 350, "verdicts are seen without scrolling");
		await close("narrow " + view);
	}
}

/* A kernel of kduel try is a file beside its campaign. */
async function described(browser)
{
	const dir = await variant(browser, "described", d => { d.campaigns[0].arms[1].kernel = "./kernels/mine.yaml"; });
	await open(browser, dir, "");
	const shown = page.locator('.kernels span[title="./kernels/mine.yaml"]');
	assert.match(await shown.first().textContent(), /^mine,?$/);
	await close("described");
}

/* 100,000 points in one view: the work of each frame while it is moved. */
async function large(browser)
{
	const dir = await variant(browser, "large", d => {
		const n = d.campaigns.length, times = Math.ceil(1e5 / d.trends.reduce((k, t) => k + t.points.length, 0));
		for (let k = 1; k < times; k++)
			for (let i = 0; i < n; i++)
				d.campaigns.push({ ...d.campaigns[i], begun: d.campaigns[i].begun + 86400 * n * k, key: k + "-" + i });
		for (const t of d.trends)
			t.points = Array.from({ length: times }, (_, k) => t.points.map(([c, r]) => [c + n * k, r])).flat();
	});
	await open(browser, dir, "#view=history&trend=all");
	await page.waitForSelector(".uplot canvas");
	assert.ok(parseInt(await status()) >= 1e5, await status());
	const box = await page.locator(".u-over").boundingBox();
	let best = Infinity;
	for (let k = 0; k < 5 && best > 50; k++) {
		await page.evaluate(() => {
			window.tasks = [0];
			const u = document.querySelector(".u-over");
			u.dispatchEvent(new MouseEvent("mousedown", { shiftKey: true, clientX: 600, clientY: 400, bubbles: true }));
			window.pan = new Promise(done => {
				let n = 0;
				const step = () => {
					const t = performance.now();
					document.dispatchEvent(new MouseEvent("mousemove", { clientX: 600 - 3 * ++n }));
					Promise.resolve().then(() => Promise.resolve()).then(() => {
						window.tasks.push(performance.now() - t);
						n < 60 ? requestAnimationFrame(step) : done(document.dispatchEvent(new MouseEvent("mouseup")));
					});
				};
				requestAnimationFrame(step);
			});
			return window.pan;
		});
		best = Math.min(best, await page.evaluate(() => Math.max(...window.tasks)));
	}
	assert.ok(box.width > 500);
	console.log(`${await status()}: the longest of 60 frames took ${best.toFixed(1)} ms`);
	assert.ok(best <= 50, `a frame took ${best} ms`);
	await close("large");
	fs.rmSync(dir, { recursive: true });
}

(async () => {
	const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: ["--no-sandbox"] });
	try {
		for (const test of [views, filters, keyboard, paper, hostile, narrow, described, large]) {
			const t = Date.now();
			await test(browser);
			console.log(`${test.name}: ${Date.now() - t} ms`);
		}
	} finally {
		await browser.close();
	}
})().catch(e => { console.error(e); process.exit(1); });
