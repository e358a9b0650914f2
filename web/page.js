// What the pages can do without, and do better with: the time that is left
// runs, the end is told in the visitor's own time, the page is looked up again
// when a block ends, and the facts for the contact are copied by one click.
"use strict";

(function () {
  const begun = Date.now();

  function words(seconds, units) {
    const parts = [Math.floor(seconds / 86400), Math.floor(seconds / 3600) % 24,
      Math.floor(seconds / 60) % 60, seconds % 60];
    const first = parts.findIndex((part) => part > 0);

    if (first < 0) {
      return "0 " + units[3];
    }
    // Below an hour the seconds run too; above it they are but noise.
    return parts.map((part, i) => part + " " + units[i])
      .slice(first, first + 2)
      .filter((text, i) => i === 0 || !text.startsWith("0 "))
      .join(" ");
  }

  // Once for each end, as two clocks may differ; a little later, and not for
  // all visitors at one moment.
  function lookAgain() {
    const status = document.querySelector("[role=status]");
    const end = document.querySelector("time").dateTime;

    status.textContent = status.dataset.over;
    if (sessionStorage.getItem("looked") !== end) {
      sessionStorage.setItem("looked", end);
      setTimeout(() => location.reload(), 2000 + 5000 * Math.random());
    }
  }

  // "today 16:48, your time": never earlier than it is.
  function tellYours(element) {
    const tag = document.documentElement.lang;
    const end = new Date(
      Math.ceil(Date.parse(element.dataset.yours) / 60000) * 60000);
    const days = Math.round((new Date(end).setHours(0, 0, 0, 0) -
      new Date().setHours(0, 0, 0, 0)) / 86400000);
    const day = Math.abs(days) < 2
      ? new Intl.RelativeTimeFormat(tag, { numeric: "auto" })
        .format(days, "day")
      : end.toLocaleDateString(tag, { weekday: "long" });

    element.textContent = day + " " + end.toLocaleTimeString(
      tag, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }) +
      ", " + element.dataset.words;
    element.hidden = false;
  }

  function run(element) {
    const total = Number(element.dataset.left);
    const units = element.dataset.units.split(" ");

    function show() {
      const left = total - Math.floor((Date.now() - begun) / 1000);

      if (left <= 0) {
        element.textContent = element.dataset.over;
        clearInterval(timer);
        lookAgain();
      } else {
        element.textContent = words(left, units);
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

  // The clipboard of the browser is for https alone; elsewhere what is to be
  // copied is selected at least.
  async function copy(button) {
    const element = document.getElementById(button.dataset.copy);

    select(element);
    try {
      await navigator.clipboard.writeText(element.textContent);
    } catch {
      if (!document.execCommand("copy")) {
        return;
      }
    }
    button.textContent = button.dataset.done;
  }

  document.querySelectorAll("[data-left]").forEach(run);
  document.querySelectorAll("[data-yours]").forEach(tellYours);
  document.querySelectorAll("button[data-copy]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => copy(button));
  });
})();
