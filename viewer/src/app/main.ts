document.title = "Farhand";
