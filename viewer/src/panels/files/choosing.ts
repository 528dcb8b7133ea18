/** The browser's dialogs for files and folders of this computer. */
import type { UploadSource } from "../../files/api";
import { canPick, pickFiles, pickFolder, sourcesOfInput } from "../../files/sources";

/** Files, or one folder, that the person chooses; empty if the dialog is closed. */
export async function choose(folder: boolean): Promise<readonly UploadSource[]> {
  if (!canPick()) return sourcesOfInput(await byInput(folder));
  const chosen = folder ? await pickFolder() : await pickFiles();
  return chosen === null ? [] : chosen instanceof Array ? chosen : [chosen];
}

/** Files by the browser's plain dialog; empty if it is closed. */
function byInput(folders: boolean): Promise<readonly File[]> {
  const input = document.createElement("input");
  input.type = "file";
  input.multiple = true;
  if (folders) input.webkitdirectory = true;
  return new Promise((resolve) => {
    input.addEventListener("change", () => {
      resolve([...(input.files ?? [])]);
    });
    input.addEventListener("cancel", () => {
      resolve([]);
    });
    input.click();
  });
}
