// The build for programs of the JVM. Not built by our tests, which call the compiler alone: there is no Gradle where they run.
plugins {
    kotlin("jvm") version "2.4.20"
    `java-library`
}

repositories { mavenCentral() }

kotlin {
    jvmToolchain(17)
}

dependencies {
    api("org.jetbrains.kotlinx:kotlinx-coroutines-core:1.8.0")
    implementation("net.java.dev.jna:jna:5.13.0")
}

// What `generate.sh` has written.
sourceSets.main { kotlin.srcDir("build/kitestring/generated") }

val generateBindings = tasks.register<Exec>("generateBindings") {
    environment("KITE_PROFILE", "release")
    commandLine("./generate.sh", layout.buildDirectory.dir("kitestring").get().asFile.path)
}

tasks.compileKotlin { dependsOn(generateBindings) }

// JNA looks for the library in a folder of the jar that is named after the system.
tasks.processResources {
    dependsOn(generateBindings)
    from(layout.buildDirectory.dir("kitestring")) {
        include("libkitestring_uniffi.*")
        into(if (System.getProperty("os.name") == "Mac OS X") "darwin-aarch64" else "linux-x86-64")
    }
}
