# An embedding program links wavetank::runtime and wavetank::real; its tests also
# wavetank::simulator, wavetank::properties and wavetank::scenarios.
include(${CMAKE_CURRENT_LIST_DIR}/dependencies.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/wavetank-targets.cmake)
