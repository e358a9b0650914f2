// What the pages can do without, and do better with: the time that is left
// runs, the end is told in the visitor's own time, the page is looked up again
// when a block ends, and what is to be passed on is copied or shared by one
// click.
"use strict";

(function () {
  const begun = Date.now();
  const ticks = performance.now();
  const verdict = document.querySelector(".verdict[data-now]");

  // Seconds since the page came.  One clock may be set meanwhile, and the other
  // stands still while the computer sleeps.
  function elapsed() {
    return Math.max(Date.now() - begun, performance.now() - ticks) / 1000;
  }

  // Rounded up, as is all that is told of an end.
  function words(seconds, units) {
    const step = seconds >= 86400 ? 3600 : seconds >= 3600 ? 60 : 1;
    const whole = Math.ceil(seconds / step) * step;
    const parts = [Math.floor(whole / 86400), Math.floor(whole / 3600) % 24,
      Math.floor(whole / 60) % 60, whole % 60];
    const first = parts.findIndex((part) => part > 0);

    return parts.map((part, i) => part + "\u00a0" + units[i])
      .slice(first, first + 2)
      .filter((text, i) => i === 0 || !text.startsWith("0\u00a0"))
      .join("\u00a0");
  }

  function write(element, text) {
    if (element.textContent !== text) {
      element.textContent = text;
    }
  }

  // "today 16:48, your time": in the visitor's zone, but by the server's
  // clock, as the visitor's may be wrong.
  function tellYours(element) {
    const tag = document.documentElement.lang;
    const end = new Date(
      Math.ceil(Date.parse(element.dataset.yours) / 60000) * 60000);
    const now = new Date(
      Date.parse(verdict.dataset.now) + elapsed() * 1000);
    const days = Math.round((new Date(end).setHours(0, 0, 0, 0) -
      now.setHours(0, 0, 0, 0)) / 86400000);
    const day = Math.abs(days) < 2
      ? new Intl.RelativeTimeFormat(tag, { numeric: "auto" })
        .format(days, "day")
      : end.toLocaleDateString(tag, days > 0 && days < 7
        ? { weekday: "long" } : { day: "numeric", month: "long" });

    write(element, day + " " + end.toLocaleTimeString(
      tag, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }) +
      ", " + element.dataset.words);
    element.hidden = false;
  }

  function drawBar(share) {
    const rest = verdict.querySelector(".served .rest");
    const { width, height } = rest.getBBox();
    let done = verdict.querySelector(".served .series-0");

    if (done === null) {
      done = rest.cloneNode();
      done.setAttribute("class", "series-0");
      rest.after(done);
    }
    done.setAttribute("d", `M0 0h${width * share}v${height}H0z`);
  }

  // Not while something is being typed, nor where it would not be answered:
  // without a network this page is better than none.
  async function lookAgain() {
    const field = document.getElementById("ip");
    const answer = await fetch(location.href, { method: "HEAD" })
      .catch(() => null);

    if (answer?.ok && field.value === field.defaultValue) {
      location.reload();
    } else {
      setTimeout(lookAgain, 5000);
    }
  }

  // A little later, as two clocks may differ, and not for all visitors at one
  // moment.
  function lookAgainSoon() {
    setTimeout(lookAgain, 2000 + 5000 * Math.random());
  }

  function turn() {
    const heading = verdict.querySelector("h1");
    const status = verdict.querySelector("[role=status]");

    document.title = document.title.replace(
      heading.textContent, heading.dataset.over);
    heading.textContent = heading.dataset.over;
    verdict.classList.replace("bad", "note");
    verdict.querySelector(".lead").hidden = true;
    status.textContent = status.dataset.over;
    lookAgainSoon();
  }

  function run(element) {
    const total = Number(element.dataset.left);
    const units = element.dataset.units.split(" ");
    const [until, since] = [".until", ".since"].map((name) =>
      Date.parse(verdict.querySelector(`${name} time`).dateTime) / 1000);
    // Of the blocks beside this one the first that ends.
    let other = Math.min(...[...document.querySelectorAll(".ban .until time")]
      .map((time) => Date.parse(time.dateTime) / 1000));

    function show() {
      const left = total - Math.floor(elapsed());

      if (left > 0 && until - left >= other) {
        other = Infinity;
        lookAgainSoon();
      }
      document.querySelectorAll("[data-yours]").forEach(tellYours);
      drawBar(1 - Math.max(left, 0) / (until - since));
      if (left > 0) {
        write(element, words(left, units));
      } else {
        clearInterval(timer);
        turn();
      }
    }

    const timer = setInterval(show, 1000);
    show();
  }

  function select(element) {
    const range = document.createRange();

    range.selectNodeContents(element);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
  }

  // The clipboard of the browser is for https alone.
  function copyElsewhere(text) {
    const field = document.createElement("textarea");

    field.value = text;
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    return done;
  }

  function announce(button) {
    const said = document.getElementById("said");

    button.dataset.label ??= button.textContent;
    button.textContent = button.dataset.done;
    said.textContent = button.dataset.done;
    setTimeout(() => {
      button.textContent = button.dataset.label;
      said.textContent = "";
    }, 3000);
  }

  // The link of the page, or the text before the button.
  async function copy(button) {
    const link = button.dataset.link;
    const element = button.parentElement.previousElementSibling;
    const text = link ? new URL(link, location).href : element.textContent;

    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const done = copyElsewhere(text);

      button.focus();
      if (!done) {
        select(element);
        return;
      }
    }
    announce(button);
  }

  // What a mail would say, by whatever the device shares with.
  function share(event) {
    const mail = new URL(event.currentTarget.href);

    event.preventDefault();
    navigator.share({
      title: mail.searchParams.get("subject"),
      text: mail.searchParams.get("body"),
    }).catch((error) => {
      if (error.name !== "AbortError") {
        location.assign(mail);
      }
    });
  }

  // Each column of a chart says its day and number: to a pointer and a finger,
  // and to the keys, for which a chart is one stop and all those of a table
  // together are.
  function read(chart) {
    const columns = [...chart.querySelectorAll(".columns path")];
    const told = chart.closest("figure, td").querySelector(".told");
    const before = told.textContent;
    const others = [...(chart.closest("table") ?? chart.parentElement)
      .querySelectorAll(".columns")].map((group) => group.parentElement);
    const keys = { ArrowLeft: -1, ArrowRight: 1, Home: -99, End: 99 };
    const name = chart.querySelector(":scope > title") ??
      chart.closest("tr").cells[0];
    let at = columns.length - 1;

    function tell(place) {
      columns[at].classList.remove("on");
      at = Math.min(Math.max(place, 0), columns.length - 1);
      columns[at].classList.add("on");
      told.textContent = columns[at].textContent;
      chart.setAttribute("aria-valuenow", at);
      chart.setAttribute("aria-valuetext", told.textContent);
    }

    function leave() {
      columns[at].classList.remove("on");
      told.textContent = before;
    }

    function goTo(other) {
      if (other) {
        chart.tabIndex = -1;
        other.tabIndex = 0;
        other.focus();
      }
    }

    chart.removeAttribute("aria-hidden");
    chart.removeAttribute("aria-labelledby");
    for (const [attribute, value] of Object.entries({
      role: "slider", tabindex: chart === others[0] ? 0 : -1,
      "aria-label": name.textContent, "aria-valuemin": 0,
      "aria-valuemax": at, "aria-valuenow": at,
      "aria-valuetext": columns[at].textContent })) {
      chart.setAttribute(attribute, value);
    }
    ["pointerdown", "pointermove"].forEach((type) =>
      chart.addEventListener(type, (event) => {
        const place = columns.indexOf(event.target);

        if (place >= 0) {
          tell(place);
        }
      }));
    chart.addEventListener("pointerleave", (event) => {
      if (event.pointerType === "mouse" && chart !== document.activeElement) {
        leave();
      }
    });
    chart.addEventListener("focus", () => tell(at));
    chart.addEventListener("blur", leave);
    chart.addEventListener("keydown", (event) => {
      const row = others.indexOf(chart);

      if (event.key in keys) {
        tell(at + keys[event.key]);
      } else if (event.key === "ArrowUp" && row > 0) {
        goTo(others[row - 1]);
      } else if (event.key === "ArrowDown" && row + 1 < others.length) {
        goTo(others[row + 1]);
      } else {
        return;
      }
      event.preventDefault();
    });
  }

  // A page that the browser kept and shows once more: what it said may be over,
  // and its clocks stood still.
  addEventListener("pageshow", (event) => {
    if (event.persisted && document.querySelector(".checked, .visitor")) {
      location.reload();
    }
  });
  document.querySelectorAll(".columns").forEach(
    (group) => read(group.parentElement));
  document.querySelectorAll("[data-left]").forEach(run);
  document.querySelectorAll("button[data-done]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => copy(button));
  });
  document.querySelectorAll("a.share").forEach((link) => {
    if (navigator.share) {
      link.addEventListener("click", share);
    }
  });
  // What is there is typed over at once.
  document.querySelectorAll("#ip").forEach((field) =>
    field.addEventListener("focus", () => field.select()));
})();
