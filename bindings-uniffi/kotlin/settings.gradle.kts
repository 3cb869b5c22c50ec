rootProject.name = "kitestring"
