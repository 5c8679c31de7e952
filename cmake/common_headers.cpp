// Nothing: stands for the precompiled headers that the modules share (src/gibbon/CMakeLists.txt).
