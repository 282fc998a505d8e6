// What the pages do beyond HTML: count down, look whether something changed, keys, printing.
"use strict";

const main = document.querySelector("main");

function countDown(timer) {
  const end = Date.now() + Number(timer.dataset.secondsLeft) * 1000;
  const tick = () => {
    const left = Math.max(0, Math.ceil((end - Date.now()) / 1000));
    timer.textContent = Math.floor(left / 60) + ":" + String(left % 60).padStart(2, "0");
    if (left === 0) {
      clearInterval(running);
      codeIsOver(timer);
    }
  };
  const running = setInterval(tick, 1000);
}

// An open page must not make codes for ever: a fresh one is made when she asks for it.
function codeIsOver(timer) {
  const fresh = document.querySelector("[data-fresh]");
  if (!fresh) {
    location.reload();
    return;
  }
  timer.closest("section").hidden = true;
  fresh.hidden = false;
}

// What she is writing would be lost.
function isWriting() {
  const text = document.querySelector("textarea");
  return text !== null && text.value !== text.defaultValue;
}

function watch() {
  const usual = 5000;
  let pause = usual;
  const look = async () => {
    if (!document.hidden) {
      try {
        const answer = await fetch(main.dataset.watch, { cache: "no-store" });
        const mark = answer.ok ? (await answer.text()).trim() : null;
        if (mark !== null && mark !== main.dataset.mark && !isWriting()) {
          location.reload();
          return;
        }
        pause = answer.ok ? usual : Math.min(pause * 2, 60000);
      } catch {
        pause = Math.min(pause * 2, 60000);
      }
    }
    setTimeout(look, pause);
  };
  setTimeout(look, pause);
}

function keepScreenOn() {
  if ("wakeLock" in navigator && !document.hidden) {
    navigator.wakeLock.request("screen").catch(() => {}); // refused on low battery: no matter
  }
}

function stepByKeys(event) {
  const step = document.querySelector(".step:target") || document.querySelector(".step");
  const onControl = event.target.closest("a,button") && event.key !== "ArrowRight" && event.key !== "ArrowLeft";
  const way = { " ": "next", Enter: "next", ArrowRight: "next", ArrowLeft: "previous" }[event.key];
  const link = way && !onControl && step.querySelector("[data-" + way + "]");
  if (link) {
    event.preventDefault();
    link.click();
  }
}

for (const timer of document.querySelectorAll("[data-seconds-left]")) {
  countDown(timer);
  keepScreenOn();
  document.addEventListener("visibilitychange", keepScreenOn);
}
if (main.dataset.watch) watch();
if (document.querySelector("[data-steps]")) document.addEventListener("keydown", stepByKeys);
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}
