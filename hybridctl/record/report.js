// One cursor for all plots over time, and what the tree did there. A click moves the video to that moment.
const plots = [...document.querySelectorAll("svg.time")];
const leaves = JSON.parse(document.getElementById("leaves").textContent);
const now = document.getElementById("now");
const video = document.querySelector("video");
const videoStart = () => +(video.dataset.start ?? plots[0]?.dataset.t0 ?? 0); // the clock's time at the first frame

function timeAt(svg, event) {
  const box = svg.getBoundingClientRect();
  const { x0, x1, t0, t1 } = svg.dataset;
  const x = (event.clientX - box.left) * svg.viewBox.baseVal.width / box.width;
  return x < +x0 || x > +x1 ? null : +t0 + (x - x0) / (x1 - x0) * (t1 - t0);
}

function show(t) {
  now.style.opacity = t === null ? 0 : 1;
  for (const svg of plots) {
    const { x0, x1, t0, t1 } = svg.dataset;
    const line = svg.querySelector(".cursor");
    line.setAttribute("visibility", t === null ? "hidden" : "visible");
    if (t === null) continue;
    const x = +x0 + (t - t0) / (t1 - t0) * (x1 - x0);
    line.setAttribute("x1", x);
    line.setAttribute("x2", x);
  }
  if (t === null) return;
  const leaf = leaves.filter(([stamp]) => stamp <= t).at(-1)?.[1] ?? "";
  now.textContent = `${t.toFixed(2)} s  ${leaf}`;
}

for (const svg of plots) {
  svg.addEventListener("pointermove", (event) => show(timeAt(svg, event)));
  svg.addEventListener("pointerleave", () => show(null));
  svg.addEventListener("click", (event) => {
    const t = timeAt(svg, event);
    if (video && t !== null) video.currentTime = Math.max(0, t - videoStart());
  });
}
if (video) video.addEventListener("timeupdate", () => plots.length && show(video.currentTime + videoStart()));
