// Shows the cards of cards.js: filters, pages, permalinks, keys. Texts are set by textContent
// only, so no text of a sample is ever parsed as markup. The address contains the whole state.
"use strict";

(() => {
  const PAGE_SIZE = 36;
  const cards = window.vrdataCards;
  const byKey = new Map(cards.map((card, at) => [keyOf(card), at]));
  const texts = cards.map(searchText);
  const form = document.getElementById("filters");
  const list = document.getElementById("cards");
  const pages = document.getElementById("pages");
  const template = document.getElementById("card").content;
  let matching = [];
  let state = {};

  function keyOf(card) {
    return `${card.generator}/${card.id}`;
  }

  function searchText(card) {
    const parameters = card.parameters.map((one) => `${one.name}=${one.value}`);
    return [keyOf(card), card.prompt, ...parameters].join("\n").toLowerCase();
  }

  // State: generator, class, q, page (from 1), sample (a card's key). "" and page 1 are omitted.
  function readAddress() {
    const found = new URLSearchParams(location.hash.slice(1));
    const page = Number.parseInt(found.get("page") ?? "1", 10);
    return {
      generator: found.get("generator") ?? "",
      class: found.get("class") ?? "",
      q: found.get("q") ?? "",
      page: page >= 1 ? page : 1,
      sample: found.get("sample") ?? "",
    };
  }

  function addressOf(wanted) {
    const parts = new URLSearchParams();
    for (const name of ["generator", "class", "q", "sample"]) {
      if (wanted[name]) parts.set(name, wanted[name]);
    }
    if (wanted.page > 1 && !wanted.sample) parts.set("page", String(wanted.page));
    return `#${parts}`;
  }

  function matches(card, at) {
    return (
      (!state.generator || card.generator === state.generator) &&
      (!state.class || card.generatorClass === state.class) &&
      state.q.toLowerCase().split(/\s+/).every((word) => texts[at].includes(word))
    );
  }

  function select() {
    matching = [];
    cards.forEach((card, at) => {
      if (matches(card, at)) matching.push(at);
    });
  }

  function apply(wanted) {
    state = wanted;
    select();
    const chosen = byKey.get(state.sample);
    if (chosen !== undefined && !matching.includes(chosen)) {
      state = { ...state, generator: "", class: "", q: "" };
      select();
    }
    const last = Math.max(1, Math.ceil(matching.length / PAGE_SIZE));
    state.page = chosen === undefined
      ? Math.min(state.page, last)
      : Math.floor(matching.indexOf(chosen) / PAGE_SIZE) + 1;
    for (const name of ["generator", "class", "q"]) form.elements[name].value = state[name];
    show(last);
    if (chosen !== undefined) open(cards[chosen]);
  }

  function show(last) {
    const start = (state.page - 1) * PAGE_SIZE;
    list.replaceChildren(...matching.slice(start, start + PAGE_SIZE).map((at) => draw(cards[at])));
    const counted = document.getElementById("count");
    const noun = counted.dataset.unit + (matching.length === 1 ? "" : "s");
    counted.textContent =
      matching.length === cards.length ? `${cards.length} ${noun}`
        : `${matching.length} of ${cards.length} ${noun} match`;
    pages.hidden = last === 1;
    document.getElementById("page").textContent = `page ${state.page} of ${last}`;
    const [previous, next] = pages.querySelectorAll("button");
    previous.disabled = state.page === 1;
    next.disabled = state.page === last;
  }

  function draw(card) {
    const article = template.cloneNode(true).firstElementChild;
    const part = (selector) => article.querySelector(selector);
    article.dataset.key = keyOf(card);
    article.setAttribute("aria-label", `sample ${keyOf(card)}`);
    part(".id").textContent = card.id;
    part(".id").href = addressOf({ ...state, sample: keyOf(card) });
    part(".id").title = "Link to this sample";
    part(".facts").textContent = [card.generator, card.video].filter(Boolean).join(" · ");
    part(".prompt").textContent = card.prompt;
    part(".metadata").textContent = card.metadata;
    part(".media").append(...media(card));
    part(".parameters").append(...card.parameters.map(parameter));
    part(".notes").append(...card.notes.map((note) => make("li", note)));
    const facts = [
      ["class", card.generatorClass], ["index", card.index], ["block", card.block],
      ["seed", card.seed], ["shard", card.shard], ["in", card.where],
      ...(card.encoder ? [["encoder", card.encoder]] : []),
      ...card.files.map((file) => [file.name, file.value]),
    ];
    part("details .identity").append(
      ...facts.flatMap(([name, value]) => [make("dt", name), make("dd", value)]),
    );
    return article;
  }

  function make(tag, text) {
    const element = document.createElement(tag);
    element.textContent = text;
    return element;
  }

  function parameter(one) {
    const item = document.createElement("li");
    item.append(make("b", `${one.name} `), one.value);
    return item;
  }

  function media(card) {
    const shown = [];
    if (card.first) shown.push(figure("first frame", picture(card.first, "first frame", card)));
    if (card.clip) shown.push(figure("clip", clip(card)));
    if (card.final) shown.push(figure("final frame", picture(card.final, "final frame", card)));
    return shown;
  }

  function figure(name, content) {
    const element = document.createElement("figure");
    element.className = name === "clip" ? "clip" : "still";
    element.append(content, make("figcaption", name));
    return element;
  }

  function picture(path, name, card) {
    const link = document.createElement("a");
    const image = document.createElement("img");
    link.href = path;
    image.loading = "lazy";
    image.src = path;
    image.alt = `${name} of ${card.id}`;
    link.append(image);
    return link;
  }

  // Native controls hide much of a small picture, so they appear with the first play.
  function clip(card) {
    const frame = document.createElement("div");
    const video = document.createElement("video");
    const button = make("button", "Play");
    Object.assign(video, { loop: true, muted: true, playsInline: true, preload: "none" });
    if (card.first) video.poster = card.first;
    video.src = card.clip;
    video.setAttribute("aria-label", `clip of ${card.id}`);
    video.addEventListener("play", () => {
      video.controls = true;
      button.remove();
    });
    button.type = "button";
    button.setAttribute("aria-label", `Play the clip of ${card.id}`);
    button.addEventListener("click", () => {
      toggle(video);
      video.focus({ preventScroll: true });
    });
    frame.append(video, button);
    return frame;
  }

  function toggle(video) {
    if (video.paused) video.play().catch(() => undefined);
    else video.pause();
  }

  function find(key) {
    return [...list.children].find((article) => article.dataset.key === key);
  }

  function open(card) {
    const article = find(keyOf(card));
    article.classList.add("chosen");
    article.querySelector("details").open = true;
    article.focus({ preventScroll: true });
    article.scrollIntoView({ block: "start" });
  }

  function go(wanted) {
    history.replaceState(null, "", addressOf(wanted));
    apply(wanted);
  }

  function filtered() {
    const value = (name) => form.elements[name].value;
    return { generator: value("generator"), class: value("class"), q: value("q"), page: 1, sample: "" };
  }

  function turn(step) {
    go({ ...state, page: state.page + step, sample: "" });
    document.getElementById("samples").focus();
  }

  function step(by) {
    const articles = [...list.children];
    const at = articles.indexOf(document.activeElement.closest(".card"));
    const next = articles[at === -1 ? 0 : at + by];
    if (next) {
      next.focus({ preventScroll: true });
      next.scrollIntoView({ block: "nearest" });
    }
  }

  function press(event) {
    const typing = event.target.closest("input, select");
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const article = document.activeElement.closest(".card");
    const keys = {
      j: () => step(1),
      k: () => step(-1),
      p: () => article?.querySelector("video") && toggle(article.querySelector("video")),
      o: () => article?.querySelector("summary").click(),
      "/": () => form.elements.q.focus(),
    };
    if (!(event.key in keys)) return;
    event.preventDefault();
    keys[event.key]();
  }

  form.addEventListener("input", () => go(filtered()));
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", (event) => {
    event.preventDefault();
    go({ generator: "", class: "", q: "", page: 1, sample: "" });
  });
  pages.addEventListener("click", (event) => {
    const by = Number(event.target.dataset.step);
    if (by) turn(by);
  });
  document.addEventListener("keydown", press);
  window.addEventListener("hashchange", () => {
    if (location.hash === "#samples") return;
    apply(readAddress());
    if (!state.sample) document.getElementById("samples").scrollIntoView();
  });
  apply(readAddress());
})();
