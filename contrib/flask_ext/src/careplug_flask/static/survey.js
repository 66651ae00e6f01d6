/* A survey with scripts: questions that depend on answers come and go at once, and a signature can be drawn.
   Without any of this the server shows the questions that belong to the answers, and a name is typed. */
(() => {
  "use strict";
  const WIDTH = 1000;
  const HEIGHT = 400;
  const LONGEST = 8000; // characters of a path that the server takes

  // -- which questions are asked --

  const read = (set) => {
    const type = set.dataset.type;
    const ticked = [...set.querySelectorAll("input:checked")].map((each) => each.value);
    if (type === "multiple") return ticked.length ? ticked : undefined;
    if (set.querySelector("input[type=radio]")) {
      const number = ["scale", "nps", "csat", "ces"].includes(type);
      return ticked.length ? (number ? Number(ticked[0]) : ticked[0]) : undefined;
    }
    const said = [...set.querySelectorAll("input:not([name=shown]), textarea")].map((each) => each.value.trim()).join("");
    return said || undefined;
  };

  const put = (fields, set) => {
    const answer = read(set);
    if (answer === undefined) return;
    if (!Array.isArray(answer)) {
      fields[set.dataset.key] = answer;
      return;
    }
    fields[set.dataset.key] = true;
    for (const each of set.querySelectorAll("input[type=checkbox]")) fields[`${set.dataset.key}.${each.value}`] = each.checked;
  };

  // Three values, as in the server's criteria: undefined is neither true nor false.
  const compare = (left, op, right) => {
    if (op === "is_null") return (left === undefined) === right;
    if (left === undefined) return undefined;
    if (op === "in") return right.includes(left);
    return { eq: left === right, lt: left < right, le: left <= right, gt: left > right, ge: left >= right }[op];
  };

  const holds = (condition, fields) => {
    if ("not" in condition) {
      const inner = holds(condition.not, fields);
      return inner === undefined ? undefined : !inner;
    }
    for (const [name, end] of [["all", false], ["any", true]]) {
      if (name in condition) {
        const found = condition[name].map((part) => holds(part, fields));
        return found.includes(end) ? end : found.includes(undefined) ? undefined : !end;
      }
    }
    return compare(fields[condition.field], condition.op, condition.value);
  };

  const update = (form) => {
    const anonymous = form.querySelector("input[name=anonymous]:checked")?.value === "1";
    const fields = {};
    for (const set of form.querySelectorAll(".cps-question[data-key]")) {
      const asked = !set.dataset.when || holds(JSON.parse(set.dataset.when), fields) === true;
      const shown = asked && !(anonymous && "personal" in set.dataset);
      set.hidden = !shown;
      set.disabled = !shown;
      if (shown) put(fields, set);
    }
    for (const part of form.querySelectorAll(".cps-part")) {
      const asked = part.querySelectorAll(".cps-question[data-key]");
      part.hidden = asked.length > 0 && [...asked].every((set) => set.hidden);
    }
  };

  // -- a signature --

  const stroke = (points) => `M${points[0]}${points.slice(1).map((point) => `L${point}`).join("")}`;

  const strokes = (path) =>
    path
      .split("M")
      .filter(Boolean)
      .map((part) => part.split("L").map((point) => point.trim()));

  const sign = (box) => {
    const path = box.querySelector("input[type=hidden]");
    const canvas = document.createElement("canvas");
    const tools = document.createElement("div");
    const clear = document.createElement("button");
    const hint = document.createElement("span");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", box.dataset.label);
    tools.className = "cps-sign-tools";
    hint.textContent = box.dataset.hint;
    clear.type = "button";
    clear.className = "secondary";
    clear.textContent = box.dataset.clear;
    tools.append(hint, clear);
    box.prepend(canvas, tools);
    let drawn = path.value ? strokes(path.value) : [];
    let current = null;

    const paint = () => {
      const pen = canvas.getContext("2d");
      const ratio = window.devicePixelRatio || 1;
      canvas.width = canvas.clientWidth * ratio;
      canvas.height = canvas.clientHeight * ratio;
      pen.scale(canvas.width / WIDTH, canvas.height / HEIGHT);
      pen.lineWidth = 6;
      pen.lineJoin = pen.lineCap = "round";
      pen.strokeStyle = "#123";
      for (const points of current ? [...drawn, current] : drawn) {
        pen.beginPath();
        points.forEach((point, at) => pen[at ? "lineTo" : "moveTo"](...point.split(" ").map(Number)));
        pen.stroke();
      }
    };

    const keep = () => {
      path.value = drawn.map(stroke).join("");
      clear.disabled = !path.value;
    };

    const place = (event) => {
      const edge = canvas.getBoundingClientRect();
      const inside = (value, most) => Math.round(Math.min(Math.max(value, 0), 1) * most);
      return `${inside((event.clientX - edge.left) / edge.width, WIDTH)} ${inside((event.clientY - edge.top) / edge.height, HEIGHT)}`;
    };

    canvas.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      canvas.setPointerCapture(event.pointerId);
      current = [place(event)];
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!current) return;
      const point = place(event);
      if (point !== current[current.length - 1]) current.push(point);
      paint();
    });
    const end = () => {
      if (!current) return;
      if (current.length > 1 && path.value.length + stroke(current).length <= LONGEST) drawn.push(current);
      current = null;
      keep();
      paint();
    };
    canvas.addEventListener("pointerup", end);
    canvas.addEventListener("pointercancel", end);
    clear.addEventListener("click", () => {
      drawn = [];
      keep();
      paint();
    });
    new ResizeObserver(paint).observe(canvas);
    keep();
  };

  for (const form of document.querySelectorAll("form.cps-form")) {
    for (const box of form.querySelectorAll(".cps-sign")) sign(box);
    form.addEventListener("input", () => update(form));
    update(form);
  }
})();
