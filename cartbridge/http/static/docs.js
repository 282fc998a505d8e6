// Renders /openapi.json: audiences, routes, models, problems. Text only ever becomes text.
"use strict";

let api;
let language = "en";

const SHOWN_HEADERS = ["Idempotency-Key", "If-Match", "webhook-id", "webhook-timestamp", "webhook-signature"];

function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name === "on") element.addEventListener(value[0], value[1]);
    else if (value !== null) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

// --- text: paragraphs, lists, `code` and **bold**, nothing more

function inline(text) {
  return text.split(/(`[^`]+`|\*\*[^*]+\*\*)/).map((part) => {
    if (part.startsWith("`")) return make("code", {}, part.slice(1, -1));
    if (part.startsWith("**")) return make("strong", {}, part.slice(2, -2));
    return part;
  });
}

function prose(text) {
  const blocks = text.trim().split(/\n\s*\n/).map((block) => {
    if (!block.startsWith("- ")) return make("p", {}, ...inline(block));
    return make("ul", {}, ...block.split(/\n?^- /m).filter(Boolean).map((item) => make("li", {}, ...inline(item))));
  });
  return make("div", { class: "prose" }, ...blocks);
}

// --- models

function resolve(schema) {
  const name = schema.$ref && schema.$ref.split("/").pop();
  return name ? { ...api.components.schemas[name], model: name } : schema;
}

function kindOf(schema) {
  if (schema.$ref) return schema.$ref.split("/").pop();
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.anyOf) return schema.anyOf.map(kindOf).join(" or ");
  if (schema.type === "array") return "list of " + kindOf(schema.items || {});
  if (schema.enum) return "one of";
  if (schema.type === "object" && schema.additionalProperties && schema.additionalProperties !== true) {
    return "map to " + kindOf(schema.additionalProperties);
  }
  return schema.format === "date-time" ? "time" : schema.type || "anything";
}

function between(least, most, what) {
  if (least === undefined && most === undefined) return null;
  if (least === undefined) return "at most " + most + what;
  return most === undefined ? "at least " + least + what : least + " to " + most + what;
}

function limitsOf(schema) {
  const bounds = schema.anyOf ? schema.anyOf.find((part) => part.type !== "null") || {} : schema;
  const told = [
    between(bounds.minimum, bounds.maximum, ""),
    bounds.exclusiveMinimum === undefined ? null : "above " + bounds.exclusiveMinimum,
    between(bounds.minLength, bounds.maxLength, " characters"),
    between(bounds.minItems, bounds.maxItems, " rows"),
    bounds.pattern === undefined ? null : "like `" + bounds.pattern + "`",
    schema.default === undefined || schema.default === null ? null : "if not said: `" + JSON.stringify(schema.default) + "`",
  ];
  return told.filter(Boolean).join(", ");
}

function parts(schema) {
  return [schema, ...(schema.anyOf || []), ...(schema.items ? [schema.items] : []), ...(typeof schema.additionalProperties === "object" ? [schema.additionalProperties] : [])];
}

function choices(schema) {
  const found = parts(schema).map(resolve).find((part) => part.enum);
  return found ? make("div", { class: "values" }, ...found.enum.map((value) => make("code", {}, String(value)))) : null;
}

function nested(schema) {
  const deep = (schema.anyOf || []).concat(parts(schema).slice(1)).flatMap(parts);
  return [schema, ...deep].map(resolve).find((part) => part.properties) || null;
}

function fieldsOf(schema) {
  const required = schema.required || [];
  const rows = Object.entries(schema.properties || {}).map(([name, field]) =>
    row(name, field, required.includes(name)));
  return make("ul", { class: "fields" }, ...rows);
}

function row(name, field, must) {
  const limits = limitsOf(field);
  const inner = nested(field);
  return make("li", {},
    make("span", { class: "field" }, name),
    make("span", { class: "kind" }, kindOf(field)),
    must ? make("span", { class: "must" }, "required") : null,
    field.description ? make("p", {}, ...inline(field.description)) : null,
    limits ? make("p", {}, ...inline(limits)) : null,
    choices(field),
    inner ? fold("Fields of " + (inner.model || name), () => fieldsOf(inner)) : null);
}

function fold(label, content) {
  const details = make("details", { class: "fold" }, make("summary", {}, label));
  details.addEventListener("toggle", () => {
    if (details.open && details.children.length === 1) details.append(content());
  });
  return details;
}

function copyable(text) {
  const code = make("code", {}, text);
  const button = make("button", { type: "button", on: ["click", () => copy(code, button)] }, "Copy");
  return make("div", { class: "copyable" }, make("pre", { tabindex: "0" }, code), button);
}

async function copy(code, button) {
  try {
    await navigator.clipboard.writeText(code.textContent);
  } catch { // an address without https has no clipboard: mark the text instead
    getSelection().selectAllChildren(code);
    document.execCommand("copy");
  }
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = "Copy"; }, 1500);
}

// --- routes

function quoted(text) {
  return "'" + text.replaceAll("'", "'\\''") + "'";
}

function curl(method, path, operation, streaming) {
  const parameters = operation.parameters || [];
  const query = new URLSearchParams();
  for (const one of parameters) {
    if (one.example === undefined) continue;
    if (one.in === "path") path = path.replace("{" + one.name + "}", encodeURIComponent(one.example));
    if (one.in === "query" && !streaming) query.set(one.name, one.example);
  }
  const url = api.servers[0].url + path + (query.size ? "?" + query : "");
  const lines = ["curl " + (streaming ? "-N " : "") + (method === "GET" ? "" : "-X " + method + " ") + quoted(url)];
  if (operation.security.length) lines.push('-H "Authorization: Bearer $CARTBRIDGE_KEY"');
  for (const one of parameters.filter((each) => SHOWN_HEADERS.includes(each.name))) {
    lines.push("-H " + quoted(one.name + ": " + one.example));
  }
  if (streaming) lines.push("-H 'Accept: text/event-stream'");
  const body = operation.requestBody && operation.requestBody.content["application/json"];
  if (body) {
    const short = JSON.stringify(body.example);
    lines.push("-H 'Content-Type: application/json'", "-d " + quoted(short.length < 72 ? short : JSON.stringify(body.example, null, 2).replaceAll("\n", "\n  ")));
  }
  return lines.join(" \\\n  ");
}

function content(title, told) {
  const block = make("div", { class: "block" }, make("h3", {}, title));
  const models = Object.values(told.content || {}).filter((one) => resolve(one.schema || {}).description);
  if (told.description && !models.length) block.append(make("p", {}, ...inline(told.description)));
  for (const [media, one] of Object.entries(told.content || {})) {
    const schema = resolve(one.schema || {});
    block.firstChild.append(make("small", {}, (schema.model ? schema.model + ", " : "") + media));
    if (schema.description) block.append(make("p", {}, ...inline(schema.description)));
    if (one.example !== undefined) block.append(fold("Example", () => copyable(JSON.stringify(one.example, null, 2))));
    if (schema.properties) block.append(fold("Fields of " + schema.model, () => fieldsOf(schema)));
  }
  return block;
}

function parameters(operation) {
  const told = operation.parameters || [];
  if (!told.length) return null;
  const rows = told.map((one) => row(one.name, { ...one.schema, description: one.description }, one.required));
  told.forEach((one, place) => rows[place].querySelector(".kind").prepend(one.in + ", "));
  return make("div", { class: "block" }, make("h3", {}, "Parameters"), make("ul", { class: "fields" }, ...rows));
}

function codesOf(response) {
  const told = response.content && response.content["application/problem+json"];
  return told ? told.schema.allOf[1].properties.code.enum : [];
}

function problemsOf(operation) {
  const list = make("dl", { class: "statuses" });
  for (const [status, response] of Object.entries(operation.responses)) {
    const codes = codesOf(response);
    if (codes.length) list.append(make("dt", {}, status), make("dd", {}, ...codes.map(problemLink)));
  }
  return list.children.length ? make("div", { class: "block" }, make("h3", {}, "Problems"), list) : null;
}

function problemLink(code) {
  const title = api["x-problems"][code] ? api["x-problems"][code].title.en : code;
  return make("a", { href: "#problem-" + code, title }, code);
}

function inside(method, path, operation) {
  const streaming = operation.responses["200"] && (operation.responses["200"].content || {})["text/event-stream"];
  const answers = Object.entries(operation.responses).filter(([, response]) => !codesOf(response).length);
  return make("div", { class: "inside" },
    prose(operation.description),
    make("div", { class: "block" }, make("h3", {}, "Call it"),
      copyable(curl(method, path, operation, false)),
      streaming ? copyable(curl(method, path, operation, true)) : null),
    parameters(operation),
    operation.requestBody ? content("What is sent", operation.requestBody) : null,
    ...answers.map(([status, response]) => content("Answer " + status, response)),
    problemsOf(operation));
}

function lazyCard(attributes, summary, content) {
  const card = make("details", attributes, summary);
  card.addEventListener("toggle", () => {
    if (card.open && card.children.length === 1) card.append(content());
  });
  return card;
}

function routeCard([method, path, operation]) {
  const roles = (operation["x-roles"] || ["no key"]).map((role) => make("span", { class: "role" }, role));
  const summary = make("summary", {},
    make("span", { class: "method " + method.toLowerCase() }, method),
    make("span", { class: "title" }, operation.summary),
    make("span", { class: "roles" }, ...roles),
    make("span", { class: "path" }, path));
  const words = [method, path, operation.summary, operation.operationId].join(" ").toLowerCase();
  return lazyCard({ class: "card", id: operation.operationId, "data-words": words }, summary, () => inside(method, path, operation));
}

function modelCard([name, schema]) {
  const summary = make("summary", {},
    make("span", { class: "title" }, name),
    make("span", { class: "path" }, ...inline(schema.description || "")));
  const content = () => make("div", { class: "inside" }, schema.properties ? fieldsOf(schema) : choices(schema) || "");
  return lazyCard({ class: "card model", id: "model-" + name, "data-words": name.toLowerCase() }, summary, content);
}

// --- problems

function problemRow([code, told]) {
  const words = [code, told.status, ...Object.values(told.title)].join(" ").toLowerCase();
  return make("tr", { id: "problem-" + code, "data-words": words },
    make("td", {}, String(told.status)),
    make("td", {}, make("code", {}, code)),
    make("td", { lang: language }, make("strong", {}, told.title[language]), told.detail[language]));
}

function problemSection() {
  const body = make("tbody");
  const fill = () => body.replaceChildren(...Object.entries(api["x-problems"]).map(problemRow));
  const buttons = [["en", "English"], ["fr", "Français"]].map(([code, name]) =>
    make("button", { type: "button", lang: code, "aria-pressed": String(code === language), on: ["click", () => choose(code)] }, name));
  const choose = (code) => {
    language = code;
    buttons.forEach((button) => button.setAttribute("aria-pressed", String(button.lang === code)));
    fill();
    find();
  };
  fill();
  const head = make("thead", {}, make("tr", {}, ...["Status", "Code", "What it means, and what to do next"].map((text) => make("th", { scope: "col" }, text))));
  return make("section", { id: "problems" },
    make("h2", {}, "Problems"),
    make("p", { class: "lead" }, "Decide by the code; show people the texts, which come in the language they asked for."),
    make("div", { class: "switch", role: "group", "aria-label": "Language of the texts" }, ...buttons),
    make("div", { class: "table" }, make("table", {}, head, body)));
}

// --- the page

function routes() {
  return Object.entries(api.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => [method.toUpperCase(), path, operation]));
}

function contents(groups) {
  const link = ([method, path, operation]) =>
    make("li", { "data-words": [method, path, operation.summary, operation.operationId].join(" ").toLowerCase() },
      make("a", { href: "#" + operation.operationId, title: method + " " + path }, make("span", { class: "method " + method.toLowerCase() }, method), operation.summary));
  const heading = (id, name) => make("h2", {}, make("a", { href: "#" + id }, name));
  return [
    heading("about", "About"),
    ...groups.flatMap(([tag, found]) => [heading("tag-" + tag.name, tag.name), make("ul", {}, ...found.map(link))]),
    heading("problems", "Problems"),
    heading("models", "Models"),
  ];
}

function render() {
  const groups = api.tags.map((tag) => [tag, routes().filter(([, , operation]) => operation.tags.includes(tag.name))]);
  document.getElementById("version").textContent = api.info.version;
  document.getElementById("contents").replaceChildren(...contents(groups));
  document.getElementById("content").replaceChildren(
    make("section", { id: "about" }, make("h1", {}, "The CartBridge API"), prose(api.info.description),
      make("p", {}, "The gateway answers at ", make("code", {}, api.servers[0].url), ".")),
    ...groups.map(([tag, found]) => make("section", { id: "tag-" + tag.name },
      make("h2", {}, tag.name), make("p", { class: "lead" }, ...inline(tag.description)), ...found.map(routeCard))),
    problemSection(),
    make("section", { id: "models" }, make("h2", {}, "Models"), ...Object.entries(api.components.schemas).map(modelCard)));
}

function find() {
  const wanted = document.getElementById("filter").value.trim().toLowerCase().split(/\s+/);
  for (const one of document.querySelectorAll("[data-words]")) {
    one.hidden = !wanted.every((word) => one.dataset.words.includes(word));
  }
  for (const section of document.querySelectorAll("main > section")) {
    const named = section.querySelectorAll("[data-words]");
    section.hidden = wanted[0] !== "" && ![...named].some((one) => !one.hidden);
  }
}

function open() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  if (target.tagName === "DETAILS") target.open = true;
  target.scrollIntoView();
}

async function start() {
  const state = document.getElementById("state");
  try {
    const answer = await fetch("/openapi.json");
    if (!answer.ok) throw new Error("the gateway answered " + answer.status);
    api = await answer.json();
  } catch (error) {
    state.textContent = "The description could not be read: " + error.message + ". Load this page again in a moment.";
    return;
  }
  render();
  document.getElementById("filter").addEventListener("input", find);
  addEventListener("hashchange", open);
  open();
}

start();
