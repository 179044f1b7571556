/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A campaign's page in a real Chromium, light, dark, narrow and printed: report.js FOLDER. */
"use strict";
const { chromium } = require("playwright-core");
const assert = require("node:assert");
const fs = require("node:fs");
const path = require("node:path");
const axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const url = "file://" + path.resolve(process.argv[2], "report.html");

/* What is wrong with the letters of the figures shown: too small, cut, or over each other. */
function letters(least)
{
	const bad = [], all = [...document.querySelectorAll("figure svg[role=img]")].filter(s => s.checkVisibility() && s.querySelector("text"));
	for (const svg of all) {
		const edge = svg.getBoundingClientRect(), scale = edge.width / svg.viewBox.baseVal.width;
		const texts = [...svg.querySelectorAll("text")].filter(t => t.textContent.trim())
			.map(t => ({ t, r: t.getBoundingClientRect(), size: scale * parseFloat(getComputedStyle(t).fontSize) }));
		for (const { t, r, size } of texts) {
			if (size < least)
				bad.push(`${t.textContent}: ${size} px`);
			if (r.left < edge.left - 1 || r.right > edge.right + 1 || r.top < edge.top - 1 || r.bottom > edge.bottom + 1)
				bad.push(`${t.textContent} is cut`);
		}
		texts.forEach((a, i) => texts.slice(0, i).forEach(b => {
			const w = Math.min(a.r.right, b.r.right) - Math.max(a.r.left, b.r.left);
			const h = Math.min(a.r.bottom, b.r.bottom) - Math.max(a.r.top, b.r.top);
			if (w > 2 && h > a.size / 2)
				bad.push(`${a.t.textContent} over ${b.t.textContent}`);
		}));
	}
	return (all.length ? bad : ["there is no figure"]).join("\n");
}

async function check(browser, width, colorScheme, media)
{
	const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
	const complaints = [], what = `${width} px, ${colorScheme}, ${media}`;
	page.on("console", m => complaints.push(m.text()));
	page.on("request", r => r.url() === url || complaints.push("a request: " + r.url()));
	await page.emulateMedia({ media });
	await page.goto(url);
	assert.match(await page.textContent("h1 + .lead"), /\.$/, "the verdict is first");
	assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth + 3), "the page fits " + what);
	const cut = await page.evaluate(() => [...document.querySelectorAll("figure svg")].filter(s =>
		s.checkVisibility() && s.getBoundingClientRect().width > s.parentElement.clientWidth + 3).length);
	assert.equal(cut, 0, "figures are not cut: " + what);
	for (const d of await page.$$("details"))
		await d.evaluate(e => { e.open = true; });
	assert.equal(await page.evaluate(letters, media === "print" ? 8 : 9.5), "", "figures can be read: " + what);
	/* The names of facts: a word is not broken into letters. */
	const narrow = await page.evaluate(() => [...document.querySelectorAll("td:first-child .id")].filter(e =>
		e.checkVisibility() && e.textContent.length > 12 && e.parentElement.clientWidth < 90).length);
	assert.equal(narrow, 0, "names are readable: " + what);
	const links = await page.$$eval("figcaption a", l => l.map(a => decodeURIComponent(a.href.split(",")[1]).startsWith("#")));
	assert.ok(links.length && links.every(Boolean), "each figure has its data");
	await page.evaluate(axe);
	const r = await page.evaluate(() => window.axe.run(document, { preload: false,
		runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"] }));
	assert.equal(r.violations.map(v => `${v.id}: ${v.nodes.slice(0, 2).map(n => n.html.slice(0, 200) + " " + n.failureSummary).join("; ")}`).join("\n"), "", what);
	assert.equal(complaints.join("\n"), "", what);
	await page.close();
}

(async () => {
	const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: ["--no-sandbox"] });
	try {
		for (const [width, scheme, media] of [[1200, "light", "screen"], [500, "dark", "screen"], [400, "light", "screen"], [700, "light", "print"]])
			await check(browser, width, scheme, media);
	} finally {
		await browser.close();
	}
})().catch(e => { console.error(e); process.exit(1); });
