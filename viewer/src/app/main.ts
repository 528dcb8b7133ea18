/** The page begins: with the session's page, or with what stands in its way. */
import { render } from "lit/html.js";
import { originOf } from "../panels/page";
import { unsupportedPage } from "../panels/unsupported";
import { App } from "./app";
import { lacking } from "./support";

const lack = await lacking();
if (lack === null) new App(document.body).start();
else {
  if (location.hash !== "") history.replaceState(null, "", location.pathname + location.search);
  render(unsupportedPage(lack, originOf(location)), document.body);
}
