// Shows /openapi.json as a page; loads nothing else.

const calls = document.getElementById("calls");

function element(name, className, ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children.filter((child) => child !== null));
  return made;
}

function resolve(described, part) {
  if (!part?.$ref) return part ?? {};
  return part.$ref.slice(2).split("/").reduce((at, key) => at[key.replaceAll("~1", "/")], described);
}

function kind(described, schema) {
  const found = resolve(described, schema);
  if (found.oneOf || found.anyOf) return (found.oneOf ?? found.anyOf).map((one) => kind(described, one)).join(" or ");
  if (found.enum) return found.enum.map((value) => JSON.stringify(value)).join(", ");
  if (found.const !== undefined) return JSON.stringify(found.const);
  if (found.type === "array") return `list of ${kind(described, found.items)}`;
  if (found.type === "object" && schema.$ref) return schema.$ref.split("/").pop();
  return [found.type, found.format].filter(Boolean).join(" ") || "any";
}

// `code` in descriptions.
function prose(text) {
  return text.split("`").map((part, at) => (at % 2 ? element("code", "", part) : part));
}

function table(heads, lines) {
  const head = element("tr", "", ...heads.map((text) => {
    const made = element("th", "", text);
    made.scope = "col";
    return made;
  }));
  const body = lines.map((line) => element("tr", "", ...line.map((text) => element("td", "", ...prose(String(text ?? ""))))));
  return element("table", "", element("thead", "", head), element("tbody", "", ...body));
}

function parameters(described, operation) {
  const lines = (operation.parameters ?? []).map((one) => [
    one.name, one.in, kind(described, one.schema), one.description ?? resolve(described, one.schema).description,
  ]);
  return lines.length ? [element("h3", "", "Parameters"), table(["Name", "Where", "Type", "Meaning"], lines)] : [];
}

function fields(described, schema) {
  let found = resolve(described, schema);
  if (found.type === "array") found = resolve(described, found.items);
  const names = Object.entries(found.properties ?? {});
  if (!names.length) return null;
  return table(["Field", "Type", "Meaning"], names.map(([name, one]) => [name, kind(described, one), one.description ?? ""]));
}

function answers(described, operation) {
  return Object.entries(operation.responses ?? {}).flatMap(([status, answer]) => {
    const [type, content] = Object.entries(answer.content ?? {})[0] ?? ["", {}];
    const shown = element("h3", "", `${status} · ${answer.description ?? ""}`);
    return [shown, element("p", "what", type), fields(described, content.schema ?? {})];
  });
}

function tryIt(path) {
  if (path.includes("{") || path === "/api/live") return [];
  const button = element("button", "", "Try it");
  button.type = "button";
  const shown = element("pre", "");
  shown.hidden = true;
  shown.tabIndex = 0;
  button.addEventListener("click", async () => {
    const answer = await fetch(path);
    const text = await answer.text();
    shown.hidden = false;
    try {
      shown.textContent = JSON.stringify(JSON.parse(text), null, 2).slice(0, 20_000);
    } catch {
      shown.textContent = text.slice(0, 20_000);
    }
  });
  return [element("p", "more", button), shown];
}

function call(described, path, verb, operation) {
  const summary = element(
    "summary", "", element("span", "verb", verb.toUpperCase()), element("code", "", path),
    element("span", "what", operation.summary ?? ""),
  );
  const inside = element(
    "div", "inside", element("p", "", ...prose(operation.description ?? "")), ...parameters(described, operation),
    ...answers(described, operation), ...tryIt(path),
  );
  return element("details", "call", summary, inside);
}

try {
  const described = await (await fetch("/openapi.json")).json();
  document.getElementById("title").textContent = `${described.info.title} ${described.info.version}`;
  for (const [path, verbs] of Object.entries(described.paths)) {
    for (const [verb, operation] of Object.entries(verbs)) calls.append(call(described, path, verb, operation));
  }
} catch (error) {
  calls.append(element("p", "empty", `The description cannot be loaded: ${error.message}`));
}
