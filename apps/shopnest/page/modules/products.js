// The products on the shelf, and the product that the visitor asks about.

import { element } from "./dom.js";

export const PRODUCTS = [
  { id: "teapot", name: "Robin teapot", price: "€38" },
  { id: "lamp", name: "Wren lamp", price: "€64" },
  { id: "planter", name: "Finch planter", price: "€27" },
];

/** Fills the shelf; calls `choose` with the product at each choice, and with the first one now. */
export function fillShelf(shelf, choose) {
  for (const product of PRODUCTS) {
    shelf.append(card(product, () => choose(product)));
  }
  shelf.querySelector("input").checked = true;
  choose(PRODUCTS[0]);
}

function card(product, chosen) {
  const radio = element("input", {
    type: "radio",
    name: "product",
    value: product.id,
    autocomplete: "off",
    "aria-label": `${product.name}, ${product.price}`,
    "data-testid": `product-${product.id}`,
  });
  radio.addEventListener("change", chosen);
  return element(
    "label",
    { class: "card product" },
    element("img", { class: "product-picture", src: `/images/${product.id}.svg`, alt: "", width: 240, height: 108 }),
    element(
      "span",
      { class: "product-text" },
      element("span", { class: "product-name" }, product.name),
      element("span", { class: "product-price" }, product.price),
    ),
    element("span", { class: "product-chosen tag", "aria-hidden": "true" }, "Asking"),
    radio,
  );
}
