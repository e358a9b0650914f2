/*
 * A browser for the tests, asked over pipes.
 *
 * Each line of standard input is a question in JSON, each line of standard
 * output its answer.  The modules are those of the folder named by the first
 * argument; the browser is Debian's.
 */
"use strict";

const { execFileSync } = require("node:child_process");
const { createRequire } = require("node:module");
const fs = require("node:fs");
const readline = require("node:readline");

const modules = createRequire(`${process.argv[2]}/package.json`);
const { chromium } = modules("playwright-core");
const { HtmlValidate } = modules("html-validate");
const axe = fs.readFileSync(modules.resolve("axe-core/axe.min.js"), "utf8");

const quiet = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const rules = {
  extends: ["html-validate:standard"],
  rules: {
    // Blanks at the ends of lines come from sections of the template.
    "no-trailing-whitespace": "off",
    // Void elements stand without a slash, as the standard has it.
    "void-style": ["error", { style: "omit" }],
    // The form has no script to check it.
    "prefer-native-element": "error",
  },
};

/* axe needs scripts; where the page must do without, its own are held back
 * instead of forbidden by the browser. */
async function violations(page) {
  await page.evaluate(axe);
  const found = await page.evaluate(() =>
    globalThis.axe.run(document, {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa",
        "best-practice"],
    }));
  return found.violations.map((violation) => ({
    rule: violation.id,
    help: violation.help,
    where: violation.nodes.map((node) => node.html).slice(0, 5),
    why: violation.nodes.map((node) => node.failureSummary).slice(0, 2),
  }));
}

/* What a visitor sees of a page; sizes in CSS pixels. */
async function measure(page) {
  return page.evaluate(() => ({
    title: document.title,
    lang: document.documentElement.lang,
    heading: document.querySelector("h1")?.innerText ?? "",
    headings: [...document.querySelectorAll("h1")].length,
    text: document.body.innerText,
    width: document.documentElement.scrollWidth,
    view: document.documentElement.clientWidth,
    wide: [...document.querySelectorAll("body *")]
      .filter((e) => e.getBoundingClientRect().right >
        document.documentElement.clientWidth + 1 &&
        getComputedStyle(e).position !== "absolute")
      .map((e) => e.outerHTML.slice(0, 120)).slice(0, 5),
    small: [...document.querySelectorAll("main a, main button, main input")]
      .filter((e) => {
        const box = e.getBoundingClientRect();
        return getComputedStyle(e).display !== "inline" && box.width > 0 &&
          box.height < 24;
      })
      .map((e) => e.outerHTML.slice(0, 120)),
    // Words of a chart's axes that stand one on the other.
    overlap: [...document.querySelectorAll("figure")].flatMap((figure) => {
      const boxes = [...figure.querySelectorAll(".scale li, .axis li")]
        .filter((e) => e.innerText.trim() !== "" &&
          getComputedStyle(e).visibility === "visible")
        .map((e) => {
          const range = document.createRange();
          range.selectNodeContents(e);
          return { words: e.innerText, box: range.getBoundingClientRect() };
        });
      return boxes.flatMap((a, i) => boxes.slice(i + 1)
        .filter((b) => a.box.left < b.box.right && b.box.left < a.box.right &&
          a.box.top < b.box.bottom && b.box.top < a.box.bottom)
        .map((b) => `${a.words} / ${b.words}`));
    }),
    told: [...document.querySelectorAll(".told")].map((e) => e.textContent),
    paper: getComputedStyle(document.body).backgroundColor,
    ink: getComputedStyle(document.body).color,
  }));
}

/* The words that a visitor really sees of the window: laid out in it, and
 * neither clipped nor covered; a line of the answer is one of a block. */
async function visible(page) {
  return page.evaluate(() => {
    const walker = document.createTreeWalker(
      document.body, NodeFilter.SHOW_TEXT);
    const lines = [];
    let block = null;
    let loose = true; // the text before it ends in a blank
    let node;

    while ((node = walker.nextNode())) {
      const parent = node.parentElement;
      let own = parent;
      while (getComputedStyle(own).display.startsWith("inline") &&
          own.tagName !== "LI") {
        own = own.parentElement;
      }
      for (const word of node.data.matchAll(/[^ \t\n]+/g)) {
        const range = document.createRange();
        range.setStart(node, word.index);
        range.setEnd(node, word.index + word[0].length);
        const shown = [...range.getClientRects()].every((box) => {
          const hit = document.elementFromPoint(
            box.left + box.width / 2, box.top + box.height / 2);
          return box.width > 0 && box.height > 0 && box.left >= 0 &&
            box.right <= innerWidth && box.bottom <= innerHeight &&
            hit !== null && (hit === parent || parent.contains(hit));
        }) && range.getClientRects().length > 0 &&
          parent.checkVisibility({ opacityProperty: true,
            visibilityProperty: true });
        if (shown) {
          if (own !== block) {
            lines.push("");
            block = own;
          }
          const last = lines.length - 1;
          lines[last] += (lines[last] !== "" && (loose || word.index > 0)
            ? " " : "") + word[0];
        }
        loose = false;
      }
      loose = /[ \t\n]$/.test(node.data) || (loose && !node.data.trim());
    }
    return lines;
  });
}

/* waitForFunction() needs eval, which the pages forbid; between two of them
 * there is nothing to ask. */
async function waitUntil(page, expression) {
  const deadline = Date.now() + 30000;

  while (!await page.evaluate(expression).catch(() => false)) {
    if (Date.now() > deadline) {
      throw new Error(`not within 30 s: ${expression}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function look(browser, question) {
  const context = await browser.newContext({
    viewport: { width: question.width, height: question.height },
    colorScheme: question.scheme ?? "light",
    javaScriptEnabled: question.js ?? true,
    ignoreHTTPSErrors: true,
    bypassCSP: question.axe ?? false,
    extraHTTPHeaders: question.headers ?? {},
    deviceScaleFactor: question.scale ?? 1,
    hasTouch: question.touch ?? false,
    forcedColors: question.forced ? "active" : "none",
    timezoneId: question.zone,
    permissions: question.permissions ?? [],
    reducedMotion: question.motion,
  });
  const page = await context.newPage();
  if (question.script) {
    await page.addInitScript(question.script);
  }
  const errors = [];
  const outside = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") {
      errors.push(message.text());
    }
  });
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== new URL(question.url).origin) {
      outside.push(request.url());
    }
  });
  if (question.media) {
    await page.emulateMedia({ media: question.media });
  }
  if (question.clock) {
    await page.clock.install({ time: Date.now() + (question.ahead ?? 0) });
  }
  const response = await page.goto(question.url, { waitUntil: "load" });
  const answer = {
    status: response.status(),
    headers: response.headers(),
    html: await response.text(),
    outside,
    values: [],
  };
  for (const step of question.steps ?? []) {
    if (step.fill) {
      await page.fill(step.fill, step.with);
    } else if (step.press) {
      await page.press(step.press, step.key);
    } else if (step.click) {
      await page.click(step.click);
    } else if (step.tap) {
      await page.tap(step.tap, { position: step.at });
    } else if (step.wait) {
      await page.waitForSelector(step.wait);
    } else if (step.forward) {
      await page.clock.fastForward(step.forward);
    } else if (step.key) {
      await page.keyboard.press(step.key);
    } else if (step.goto) {
      await page.goto(new URL(step.goto, question.url).href);
    } else if (step.back) {
      await page.goBack();
    } else if (step.offline !== undefined) {
      await context.setOffline(step.offline);
    } else if (step.tell) {
      answer.values.push(await page.evaluate(step.tell));
    } else if (step.until) {
      await waitUntil(page, step.until);
    } else if (step.run) {
      execFileSync(step.run[0], step.run.slice(1), { stdio: "pipe" });
    }
  }
  answer.url = page.url();
  if (question.js ?? true) {
    Object.assign(answer, await measure(page));
    answer.visible = await visible(page);
  }
  if (question.axe) {
    answer.violations = await violations(page);
  }
  if (question.picture) {
    await page.screenshot({ path: question.picture, fullPage: true });
  }
  if (question.pdf) {
    await page.pdf({ path: question.pdf, format: "A4" });
  }
  answer.errors = errors;
  await context.close();
  return answer;
}

async function validate(question) {
  const report = await new HtmlValidate(rules).validateString(question.html);
  return {
    messages: report.results.flatMap((result) => result.messages)
      .map((m) => `${m.line}:${m.column} ${m.ruleId}: ${m.message}`),
  };
}

function launch() {
  return chromium.launch({
    executablePath: process.argv[3],
    args: quiet,
    // As people's browsers do, keep a page that was left.
    ignoreDefaultArgs: ["--disable-back-forward-cache"],
  });
}

async function ask(browser, question) {
  try {
    return question.html === undefined
      ? await look(browser, question)
      : await validate(question);
  } catch (error) {
    return { failed: String(error.stack ?? error) };
  }
}

async function main() {
  let browser = await launch();

  for await (const line of readline.createInterface({ input: process.stdin })) {
    const question = JSON.parse(line);
    let answer = await ask(browser, question);

    // A browser that has died is no page's fault: another one is asked.
    if (!browser.isConnected()) {
      process.stderr.write("the browser has died: another one begins\n");
      browser = await launch();
      answer = await ask(browser, question);
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
  await browser.close();
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
